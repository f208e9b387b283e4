//! What was made for others must be exactly what would have been made for this one.

use super::*;
use crate::settings::Values;

fn set(name: &str, line: u8, text: &str, layer: Layer) -> Set {
    let id = catalogue().find(name).unwrap();
    let secret = catalogue().entry(id).secret;
    let value = if secret { Value::Secret(Secret::new(text)) } else { Value::Plain(text.into()) };
    Set { id, line, value, from: Arc::new(Provenance { layer, scope: "".into(), author: "test".into(), at: 0 }) }
}

#[test]
fn a_base_of_one_device_changes_nothing_for_another() {
    let all: Vec<Set> = everything().iter().map(|(name, line, text)| set(name, *line, text, Layer::Global)).collect();
    let shared = Values::new(all.clone());
    let own = |name: &str, line, text: &str| Values::new(vec![set(name, line, text, Layer::Device)]);
    for dialect in dialects() {
        let of_all = Base::of(&dialect, &resolve(&[&shared], &[1], true)).unwrap();
        for entry in catalogue().entries() {
            let name = entry.id.replace('*', "1");
            let id = catalogue().find(&name).unwrap();
            let own = own(&name, 0, &samples(entry).pop().unwrap());
            let less = Values::new(all.iter().filter(|set| set.id != id).cloned().collect());
            let (of_all_values, with_own) = (resolve(&[&shared], &[1], true), resolve(&[&shared, &own], &[1], true));
            let without = resolve(&[&less], &[1], true);
            let same = |base: &Base, what: &str, device: &[Resolved]| {
                assert_eq!(
                    map_beside(Some(base), &dialect, device),
                    map(&dialect, device),
                    "{dialect:?} {name}: {what}"
                );
            };
            same(&of_all, "its own value", &with_own);
            same(&of_all, "two lines", &resolve(&[&shared, &own], &[1, 2], true));
            same(&of_all, "no value", &without);
            same(&of_all, "no secrets", &resolve(&[&shared], &[1], false));
            same(&Base::of(&dialect, &with_own).unwrap(), "another's own value", &of_all_values);
            same(&Base::of(&dialect, &with_own).unwrap(), "another's own value, none here", &without);
            same(&Base::of(&dialect, &without).unwrap(), "none there", &with_own);
        }
    }
}

#[test]
fn a_base_is_used_and_for_its_own_dialect_only() {
    let all: Vec<Set> = everything().iter().map(|(name, line, text)| set(name, *line, text, Layer::Global)).collect();
    let shared = resolve(&[&Values::new(all)], &[1], true);
    let old = phone("yealink", "", Some("96.70.0.1"));
    let base = Base::of(&old, &shared).unwrap();
    let kept = |mapped: &Mapped, other: &Mapped| {
        let texts = |mapped: &Mapped| {
            let text = |item: &Item| match item {
                Item::Param(Param { value: Value::Plain(text), .. }) => Some(text.as_ptr()),
                _ => None,
            };
            mapped.items.iter().filter_map(text).collect::<Vec<_>>()
        };
        texts(mapped) == texts(other)
    };
    let (first, second) = (map_beside(Some(&base), &old, &shared), map_beside(Some(&base), &old, &shared));
    assert!(kept(&first, &second), "made once");
    assert!(!kept(&map(&old, &shared), &map(&old, &shared)), "the comparison sees what is made anew");
    for other in [phone("yealink", "", None), phone("avaya", "j100", Some("96.70.0.1")), Dialect { year: 2027, ..old }]
    {
        assert_eq!(map_beside(Some(&base), &other, &shared), map(&other, &shared), "{other:?}");
    }
}
