use super::*;

#[test]
fn names_are_unique_and_say_their_meaning() {
    for (i, key) in FactKey::ALL.iter().enumerate() {
        assert!(!key.info().meaning.is_empty(), "{key}");
        assert!(
            FactKey::ALL[..i]
                .iter()
                .all(|k| k.info().name != key.info().name),
            "{key} stands twice"
        );
        assert_eq!(FactKey::from_name(key.info().name), Some(*key));
    }
}

#[test]
fn words_outside_the_list_are_refused() {
    assert!(FactKey::NegAnswer.allows(&"failure-3".into()));
    assert!(!FactKey::NegAnswer.allows(&"failure-".into()));
    assert!(!FactKey::NegAnswer.allows(&"fialure-3".into()));
    assert!(!FactKey::NegAnswer.allows(&Value::Bool(true)));
}
