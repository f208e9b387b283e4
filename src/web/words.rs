//! Rules for the words people give to things.

use super::{Code, Problem};

const LONGEST_NAME: usize = 64;

/// The name of a site, profile or group of devices: it stands in URLs and on command lines.
pub fn name(what: &str, text: &str) -> Result<String, Problem> {
    let name = text.trim();
    let shown: String = name.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let refuse = |rule: String| {
        let message = format!("{what} name {shown:?} is not accepted: {rule}.");
        Err(Problem::new(Code::BadValue, message, "Choose another name."))
    };
    match name {
        "" => refuse("it is empty".into()),
        "." | ".." => refuse("it means a directory".into()),
        _ if name.chars().count() > LONGEST_NAME => refuse(format!("it is longer than {LONGEST_NAME} characters")),
        _ if name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\')) => {
            refuse("it holds a slash, a backslash or a control character".into())
        }
        _ => Ok(name.to_owned()),
    }
}

/// The name of a company or person, as it is written: it stands in no address, everybody is found by number.
pub fn title(what: &str, text: &str) -> Result<String, Problem> {
    let field = format!("{what} name");
    line(&field, text, LONGEST_NAME)?.ok_or_else(|| {
        Problem::bad_value(format!("{field} \"\" is not accepted: it is empty."), "Choose another name.")
    })
}

/// One line of free text; empty means none.
pub fn line(field: &str, text: &str, longest: usize) -> Result<Option<String>, Problem> {
    let text = text.trim();
    let refuse = |rule: String| {
        let shown: String = text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        Err(Problem::bad_value(format!("{field}: {shown:?} is not accepted: {rule}."), "Correct it and send it again."))
    };
    if text.chars().count() > longest {
        return refuse(format!("it is longer than {longest} characters"));
    }
    if text.chars().any(char::is_control) {
        return refuse("it holds a control character".into());
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

/// An e-mail address. Nothing that ends a header line or opens another address.
pub fn email(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let (user, host) = text.rsplit_once('@').unwrap_or_default();
    let odd = |c: char| c.is_control() || c.is_whitespace() || "<>()[],;:\\\"@".contains(c);
    if text.len() <= 254 && !user.is_empty() && !user.contains(odd) && !host.is_empty() && !host.contains(odd) {
        return Ok(text.to_owned());
    }
    let shown: String = text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    Err(Problem::bad_value(format!("{shown:?} is no e-mail address."), "Write it like alice@example.com"))
}

/// A login name: one word, as people type it.
pub fn login(text: &str) -> Result<String, Problem> {
    let login = text.trim();
    let refuse = |rule: &str| {
        let shown: String = login.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        Err(Problem::bad_value(format!("login: {shown:?} is not accepted: {rule}."), "Choose another one."))
    };
    match login {
        "" => refuse("it is empty"),
        _ if login.chars().count() > 254 => refuse("it is longer than 254 characters"),
        _ if login.chars().any(|c| c.is_control() || c.is_whitespace()) => {
            refuse("it holds a blank or control character")
        }
        _ => Ok(login.to_owned()),
    }
}

/// What the page speaks: `LANGUAGES` of ui/src/lib/i18n.ts.
pub const LANGUAGES: [&str; 2] = ["en", "de"];

/// A language of the page, with what BCP 47 lets stand behind it: `de`, `de-AT`.
pub fn locale(text: &str) -> Result<String, Problem> {
    let (language, rest) = text.split_once('-').map_or((text, None), |(language, rest)| (language, Some(rest)));
    let known = LANGUAGES.iter().find(|known| known.eq_ignore_ascii_case(language));
    if let Some(known) = known.filter(|_| text.len() <= 35 && rest.is_none_or(is_well_formed)) {
        return Ok(rest.map_or_else(|| (*known).to_owned(), |rest| format!("{known}-{rest}")));
    }
    let shown: String = text.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let message = format!(
        "locale: {shown:?} is not accepted: the page speaks {}, with or without a region behind it.",
        LANGUAGES.join(", ")
    );
    Err(Problem::bad_value(message, "Write it like en or de-AT"))
}

/// RFC 5646, 2.1, behind the language: script, region, variants, extensions, in this order.
fn is_well_formed(rest: &str) -> bool {
    let mut parts = rest.split('-').peekable();
    let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    parts.next_if(|part| part.len() == 4 && letters(part));
    parts.next_if(|part| (part.len() == 2 && letters(part)) || (part.len() == 3 && digits(part)));
    let is_word = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_variant =
        |part: &str| is_word(part) && matches!((part.len(), part.as_bytes()), (5..=8, _) | (4, [b'0'..=b'9', ..]));
    while parts.next_if(|part| is_variant(part)).is_some() {}
    while let Some(one) = parts.next_if(|part| part.len() == 1 && is_word(part)) {
        let least = if one.eq_ignore_ascii_case("x") { 1 } else { 2 };
        let mut count = 0;
        while parts.next_if(|part| (least..=8).contains(&part.len()) && is_word(part)).is_some() {
            count += 1;
        }
        if count == 0 {
            return false;
        }
    }
    parts.next().is_none()
}

/// A MAC address in a path or body.
pub fn mac(text: &str) -> Result<crate::net::Mac, Problem> {
    text.parse().map_err(|error: crate::net::MacError| {
        Problem::bad_value(format!("{error}."), "Write it like 805ec0aabb01 or 80:5e:c0:aa:bb:01.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_is_a_language_of_the_page_with_what_may_stand_behind_it() {
        let good = [
            ("en", "en"),
            ("DE", "de"),
            ("de-AT", "de-AT"),
            ("EN-gb", "en-gb"),
            ("de-Latn-CH-1996", "de-Latn-CH-1996"),
        ];
        let more = ["de-1901", "en-001", "de-DE-u-co-phonebk", "en-x-a"].map(|text| (text, text));
        for (text, kept) in good.into_iter().chain(more) {
            assert_eq!(locale(text).unwrap(), kept);
        }
        for text in [
            "",
            "-",
            "x",
            "fr",
            "eng",
            "en_US",
            "en-",
            "en--US",
            "-en",
            "de-A",
            "de-AT-Latn",
            "de-u",
            "de-abc",
            "en-US\n",
            "dé",
        ] {
            let told = locale(text).unwrap_err();
            assert!(told.code == Code::BadValue && told.message.starts_with("locale: \""), "{told}");
            assert!(told.message.contains("the page speaks en, de"), "{told}");
        }
        assert!(locale(&format!("en{}", "-variants".repeat(9))).is_err());
    }

    #[test]
    fn the_languages_are_those_of_the_page() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/lib/i18n.ts")).unwrap();
        let line = page.lines().find(|line| line.contains("const LANGUAGES = ")).unwrap();
        let words = line.split_once('{').unwrap().1.split_once('}').unwrap().0.split(',');
        let told: Vec<&str> = words.map(|pair| pair.split(':').next().unwrap().trim()).collect();
        assert_eq!(told, LANGUAGES);
    }
}
