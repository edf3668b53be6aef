//! The families of codes: which numbers belong together, what they are called, and in which order a
//! number is looked up in them.
//!
//! The same small number means different things in different families (7 is an extended reason, an
//! exit status and a Kerberos error), so a family never borrows rows of another.

/// How the number of a family is written for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `0x904 (2308)`: the dialogs and logs show it in hexadecimal.
    Hex,
    /// `40 (0x28)`: it is known by its decimal number.
    Decimal,
    /// `36874`: nobody writes it in hexadecimal.
    Plain,
    /// `AADSTS50126`.
    Aadsts,
}

/// One family of codes: the rows of a table that share their number space.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Family {
    /// The file that holds its rows.
    pub(super) table: &'static str,
    /// The value of the `kind` column of its rows; empty for a table with one family.
    pub(super) kind: &'static str,
    /// What the family is called in an answer.
    pub(super) title: &'static str,
    /// What a person may write before a number to mean this family.
    pub(super) words: &'static [&'static str],
    /// How its numbers are written.
    pub(super) style: Style,
}

impl Family {
    /// Whether that word names this family.
    pub(super) fn has_word(&self, word: &str) -> bool {
        self.words.contains(&word)
    }

    /// Whether its numbers are those of log records.
    pub(super) fn is_event(&self) -> bool {
        self.has_word(EVENT)
    }

    /// The number as people know it.
    pub(super) fn code(&self, number: u32) -> String {
        // From 0x8000_0000 on, Windows tools print the number as a negative one.
        let decimal = if number >= 0x8000_0000 {
            number.cast_signed().to_string()
        } else {
            number.to_string()
        };
        match self.style {
            Style::Hex => format!("0x{number:X} ({decimal})"),
            Style::Decimal => format!("{decimal} (0x{number:X})"),
            Style::Plain => decimal,
            Style::Aadsts => format!("AADSTS{number}"),
        }
    }
}

const fn family(
    table: &'static str,
    kind: &'static str,
    title: &'static str,
    style: Style,
    words: &'static [&'static str],
) -> Family {
    Family {
        table,
        kind,
        title,
        words,
        style,
    }
}

/// The word that stands for the first number of mstsc.
pub(super) const DISCONNECT: &str = "disconnect";
/// The word that stands for the second number of mstsc.
pub(super) const EXTENDED: &str = "extended";
/// The word that stands for Set Error Info, which shares its numbers with [`EXTENDED`].
pub(super) const ERRINFO: &str = "errinfo";
/// The word that stands for any numbered log record.
pub(super) const EVENT: &str = "event";

/// Every family, in the order in which a number without context is looked up.
pub(super) static FAMILIES: &[Family] = &[
    family(
        "disconnect-reasons",
        "",
        "mstsc disconnect reason",
        Style::Hex,
        &[DISCONNECT, "mstsc", "discreason", "disconnectreason"],
    ),
    family(
        "extended-reasons",
        "",
        "mstsc extended reason",
        Style::Hex,
        &[
            EXTENDED,
            "ext",
            "mstsc",
            "exdiscreason",
            "extendederror",
            "extendedreason",
        ],
    ),
    family(
        "negotiation-failures",
        "failure",
        "Negotiation failure",
        Style::Decimal,
        &[
            "negotiation",
            "nego",
            "neg",
            "x224",
            "x.224",
            "rdp_neg_failure",
            "neg_fail",
        ],
    ),
    family(
        "negotiation-failures",
        "request-flag",
        "Negotiation request flag",
        Style::Hex,
        &["negotiation", "nego", "neg", "flag", "rdp_neg_req"],
    ),
    family(
        "negotiation-failures",
        "request-protocol",
        "Requested protocol",
        Style::Hex,
        &[
            "negotiation",
            "nego",
            "neg",
            "protocol",
            "requestedprotocols",
        ],
    ),
    family(
        "negotiation-failures",
        "response-flag",
        "Negotiation response flag",
        Style::Hex,
        &["negotiation", "nego", "neg", "flag", "rdp_neg_rsp"],
    ),
    family(
        "negotiation-failures",
        "selected-protocol",
        "Selected protocol",
        Style::Hex,
        &["negotiation", "nego", "neg", "protocol", "selectedprotocol"],
    ),
    family(
        "negotiation-failures",
        "message-type",
        "Negotiation message type",
        Style::Hex,
        &["negotiation", "nego", "neg"],
    ),
    family(
        "error-info",
        "",
        "Set Error Info (server)",
        Style::Hex,
        &[
            ERRINFO,
            "error-info",
            "errorinfo",
            "seterrorinfo",
            "set-error-info",
        ],
    ),
    family(
        "other-signals",
        "early-user-auth",
        "Early user authorisation",
        Style::Hex,
        &["early", "authz", "early-user-auth"],
    ),
    family(
        "other-signals",
        "rdstls-result",
        "RDSTLS result",
        Style::Hex,
        &["rdstls"],
    ),
    family(
        "other-signals",
        "rdsaad-result",
        "RDS AAD Auth result",
        Style::Hex,
        &["rdsaad"],
    ),
    family(
        "other-signals",
        "logon-notification-type",
        "Logon notification, type",
        Style::Hex,
        &["notification", "logon-notification"],
    ),
    family(
        "other-signals",
        "logon-notification-data",
        "Logon notification, data",
        Style::Hex,
        &["notification", "logon-notification"],
    ),
    family(
        "other-signals",
        "onlogonerror",
        "ActiveX control, OnLogonError",
        Style::Decimal,
        &["onlogonerror", "activex"],
    ),
    family(
        "other-signals",
        "onfatalerror",
        "ActiveX control, OnFatalError",
        Style::Decimal,
        &["onfatalerror", "activex"],
    ),
    family(
        "other-signals",
        "status-info",
        "Server status info",
        Style::Hex,
        &["status-info", "statusinfo"],
    ),
    family(
        "other-signals",
        "mcs-disconnect",
        "MCS disconnect reason",
        Style::Decimal,
        &["mcs"],
    ),
    family(
        "gateway",
        "dword",
        "RD Gateway error",
        Style::Decimal,
        &["gateway", "rdg", "rdgw", "tsg", "tsgateway", "rd-gateway"],
    ),
    family(
        "gateway",
        "hresult",
        "RD Gateway error (HRESULT)",
        Style::Hex,
        &[
            "gateway",
            "rdg",
            "rdgw",
            "tsg",
            "tsgateway",
            "rd-gateway",
            "hresult",
        ],
    ),
    family(
        "gateway",
        "winhttp",
        "WinHTTP error at the gateway",
        Style::Decimal,
        &["gateway", "rdg", "rdgw", "winhttp"],
    ),
    family(
        "gateway",
        "http",
        "HTTP status at the gateway",
        Style::Plain,
        &["gateway", "rdg", "rdgw", "http"],
    ),
    family(
        "gateway",
        "gateway-event",
        "RD Gateway event",
        Style::Plain,
        &["gateway", "rdg", "rdgw", EVENT, "events", "eventid"],
    ),
    family(
        "ntstatus",
        "ntstatus",
        "NTSTATUS",
        Style::Hex,
        &["ntstatus", "substatus"],
    ),
    family(
        "ntstatus",
        "win32",
        "Win32 error",
        Style::Decimal,
        &["win32", "winerror", "winsock", "wsa"],
    ),
    family(
        "ntstatus",
        "sspi",
        "SSPI status",
        Style::Hex,
        &["sspi", "sec_e", "hresult", "security-status"],
    ),
    family("ntstatus", "hresult", "HRESULT", Style::Hex, &["hresult"]),
    family(
        "ntstatus",
        "crypto",
        "Certificate and key error",
        Style::Hex,
        &["crypto", "nte", "crypt", "hresult"],
    ),
    family(
        "tls-alerts",
        "alert",
        "TLS alert",
        Style::Decimal,
        &[
            "alert",
            "tls",
            "ssl",
            "schannel",
            "alertdesc",
            "tlsalert",
            "tls-alert",
        ],
    ),
    family(
        "tls-alerts",
        "schannel-event",
        "Schannel event",
        Style::Plain,
        &["schannel", "system", EVENT, "events", "eventid"],
    ),
    family(
        "tls-alerts",
        "schannel-state",
        "Schannel internal state",
        Style::Plain,
        &["schannel", "state", "errorstate"],
    ),
    family(
        "freerdp",
        "freerdp-class",
        "FreeRDP error class",
        Style::Hex,
        &["freerdp"],
    ),
    family(
        "freerdp",
        "freerdp-error",
        "FreeRDP error",
        Style::Hex,
        &["freerdp", "errconnect"],
    ),
    family(
        "freerdp",
        "xfreerdp-exit",
        "xfreerdp exit status",
        Style::Plain,
        &["freerdp", "xfreerdp", "sdl-freerdp", "exit"],
    ),
    family(
        "freerdp",
        "freerdp-ios-exit",
        "FreeRDP for iOS exit status",
        Style::Plain,
        &["freerdp", "ifreerdp", "ios", "exit"],
    ),
    family(
        "freerdp",
        "rdesktop-exit",
        "rdesktop exit status",
        Style::Plain,
        &["rdesktop", "exit"],
    ),
    family(
        "freerdp",
        "mac-client",
        "Microsoft client for macOS",
        Style::Hex,
        &["mac", "macos"],
    ),
    family(
        "freerdp",
        "android-client",
        "Microsoft client for Android",
        Style::Hex,
        &["android"],
    ),
    family(
        "freerdp",
        "ms-client",
        "Microsoft clients other than mstsc",
        Style::Hex,
        &["mac", "macos", "ios", "android"],
    ),
    family(
        "avd",
        "avd-connection",
        "Azure Virtual Desktop",
        Style::Decimal,
        &["avd", "wvd", "azure"],
    ),
    family(
        "avd",
        "avd-connection-community",
        "Azure Virtual Desktop (community list)",
        Style::Decimal,
        &["avd", "wvd", "azure"],
    ),
    family(
        "avd",
        "avd-gateway-text",
        "Azure Virtual Desktop gateway",
        Style::Plain,
        &["avd", "wvd", "azure", "gateway"],
    ),
    family(
        "avd",
        "vm-extension",
        "Azure VM sign-in extension",
        Style::Hex,
        &["avd", "azure", "extension", "exit"],
    ),
    family(
        "avd",
        "message",
        "Microsoft Entra sign-in message",
        Style::Plain,
        &["entra", "azure"],
    ),
    family(
        "avd",
        "aadsts",
        "Microsoft Entra sign-in error",
        Style::Aadsts,
        &["aadsts", "entra", "aad", "azure"],
    ),
    family(
        "kerberos",
        "",
        "Kerberos error",
        Style::Hex,
        &["kerberos", "krb", "krb5", "kdc", "kdc_err"],
    ),
    family(
        "events",
        "",
        "Windows event",
        Style::Plain,
        &[EVENT, "events", "eventid", "event-id"],
    ),
];
