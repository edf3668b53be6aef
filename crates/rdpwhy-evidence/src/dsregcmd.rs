//! `dsregcmd /status`: how a Windows machine is joined, and the user's Primary Refresh Token. Its
//! labels are English in every language of Windows.

use crate::lines::{kept, of, pair};

/// What the command says; what it does not say is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// `AzureAdJoined`: the machine belongs to Entra.
    pub entra_joined: Option<bool>,
    /// `DomainJoined`: it belongs to a domain of Active Directory.
    pub domain_joined: Option<bool>,
    /// `WorkplaceJoined`: the user registered it with Entra.
    pub registered: Option<bool>,
    /// `Device Name`, as far as the command gives one.
    pub device: Option<String>,
    /// `DomainName`.
    pub domain: Option<String>,
    /// `TenantId`.
    pub tenant_id: Option<String>,
    /// `TenantName`.
    pub tenant: Option<String>,
    /// `DeviceAuthStatus`, such as SUCCESS, or FAILED with a reason.
    pub device_status: Option<String>,
    /// `AzureAdPrt`: the user has a Primary Refresh Token.
    pub prt: Option<bool>,
    /// `AzureAdPrtUpdateTime`, in seconds since 1970.
    pub prt_updated: Option<i64>,
    /// `AzureAdPrtExpiryTime`, in seconds since 1970.
    pub prt_expires: Option<i64>,
    /// `Attempt Status` of the last try to get a token that failed.
    pub attempt_status: Option<String>,
    /// `Server Error Code` of that try, such as `invalid_grant`.
    pub server_error: Option<String>,
    /// `Server Error Description` of that try, which begins with an AADSTS code.
    pub server_error_text: Option<String>,
    /// `OnPremTgt` and `CloudTgt`: the token brought Kerberos tickets of the domain, of Entra.
    pub tickets: (Option<bool>, Option<bool>),
}

/// Reads the output; `None` when the text is none.
pub fn read(text: &str) -> Option<Status> {
    let mut out = Status::default();
    let mut known = 0;
    for (label, value) in of(text).filter_map(pair) {
        known += 1;
        let word = || Some(kept(value)).filter(|v| !v.is_empty());
        match label {
            "AzureAdJoined" => out.entra_joined = truth(value),
            "DomainJoined" => out.domain_joined = truth(value),
            "WorkplaceJoined" => out.registered = truth(value),
            "Device Name" => out.device = word(),
            "DomainName" => out.domain = word(),
            "TenantId" => out.tenant_id = word(),
            "TenantName" => out.tenant = word(),
            "DeviceAuthStatus" => out.device_status = word(),
            "AzureAdPrt" => out.prt = truth(value),
            "AzureAdPrtUpdateTime" => out.prt_updated = seconds(value),
            "AzureAdPrtExpiryTime" => out.prt_expires = seconds(value),
            "Attempt Status" => out.attempt_status = word(),
            "Server Error Code" => out.server_error = word(),
            "Server Error Description" => out.server_error_text = word(),
            "OnPremTgt" => out.tickets.0 = truth(value),
            "CloudTgt" => out.tickets.1 = truth(value),
            _ => known -= 1,
        }
    }
    // One such line may stand in any text; the first three stand in every output
    (known >= 2 && out.entra_joined.is_some()).then_some(out)
}

/// YES and NO; everything else, such as NOT SET, says nothing.
fn truth(value: &str) -> Option<bool> {
    match value {
        "YES" => Some(true),
        "NO" => Some(false),
        _ => None,
    }
}

/// `2026-11-25 08:00:01.000 UTC` in seconds since 1970.
fn seconds(value: &str) -> Option<i64> {
    let (date, rest) = value.strip_suffix(" UTC")?.split_once(' ')?;
    let time = rest.split('.').next()?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let sound = (1601..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    if !sound {
        return None;
    }
    // Days since 1970 in the Gregorian calendar, in years that begin in March
    let year = if month > 2 { year } else { year - 1 };
    let from_march = (month + 9) % 12;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (from_march * 306 + 5) / 10 + day
        - 1
        - 719_468;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let parts: Vec<i64> = text
        .split(between)
        .map(|n| {
            let digits = n.len() <= 4 && n.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| n.parse().ok()).flatten()
        })
        .collect::<Option<_>>()?;
    parts.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
+----------------------------------------------------------------------+
| Device State                                                         |
+----------------------------------------------------------------------+

             AzureAdJoined : YES
          EnterpriseJoined : NO
              DomainJoined : NO
           Virtual Desktop : NOT SET
               Device Name : PC42

+----------------------------------------------------------------------+
| Tenant Details                                                       |
+----------------------------------------------------------------------+

                TenantName : Example
                  TenantId : 11111111-2222-3333-4444-555555555555
                       Idp : login.windows.net

+----------------------------------------------------------------------+
| User State                                                           |
+----------------------------------------------------------------------+

           WorkplaceJoined : NO

+----------------------------------------------------------------------+
| SSO State                                                            |
+----------------------------------------------------------------------+

                AzureAdPrt : NO
      AzureAdPrtUpdateTime : 2026-11-10 07:18:33.000 UTC
      AzureAdPrtExpiryTime : 2026-11-24 07:18:32.000 UTC
            Attempt Status : 0xc000006d
         Server Error Code : invalid_grant
  Server Error Description : AADSTS50126: Error validating credentials.
                 OnPremTgt : NO
";

    #[test]
    fn what_it_says_is_read() {
        let status = read(TEXT).unwrap();
        assert_eq!(status.entra_joined, Some(true));
        assert_eq!(status.domain_joined, Some(false));
        assert_eq!(status.device.as_deref(), Some("PC42"));
        assert_eq!(status.prt, Some(false));
        let updated = status.prt_updated.unwrap();
        assert_eq!(rdpwhy_model::text::time(updated), "2026-11-10T07:18:33Z");
        assert_eq!(status.prt_expires.unwrap() - updated, 14 * 86_400 - 1);
        assert_eq!(status.attempt_status.as_deref(), Some("0xc000006d"));
        assert_eq!(status.server_error.as_deref(), Some("invalid_grant"));
        assert_eq!(status.tickets, (Some(false), None));
        assert_eq!(status.domain, None);
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        assert_eq!(seconds("1970-01-01 00:00:00.000 UTC"), Some(0));
        assert_eq!(seconds("2000-02-29 23:59:59.000 UTC"), Some(951_868_799));
        assert_eq!(seconds("2100-03-01 00:00:00 UTC"), Some(4_107_542_400));
        for bad in [
            "",
            "2026-13-01 00:00:00.000 UTC",
            "2026-11-10 07:18:33",
            "x-y-z a:b:c UTC",
        ] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn other_text_is_none() {
        assert_eq!(read(""), None);
        assert_eq!(read("DomainName : CORP\nTenantId : 1\n"), None);
    }
}
