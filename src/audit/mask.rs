//! User and password in an address that was refused and is quoted: `https://user:password@host`, `user:password@host`.

use std::borrow::Cow;

const MASK: &str = "******";

pub fn logins(text: &str) -> Cow<'_, str> {
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>');
    Cow::Owned(text.split_inclusive(is_end).map(login).collect())
}

fn login(word: &str) -> Cow<'_, str> {
    let start = word.find("://").map_or(0, |at| at + 3);
    match word.rfind('@').filter(|at| *at >= start && word[start..*at].contains(':')) {
        Some(at) => Cow::Owned(format!("{}{MASK}{}", &word[..start], &word[at..])),
        None => Cow::Borrowed(word),
    }
}

#[cfg(test)]
mod tests {
    use super::logins;

    #[test]
    fn threat_064_a_login_in_a_quoted_address_is_masked_and_nothing_else() {
        for (text, expected) in [
            ("url: \"https://u:pw@host/a\" is not", "url: \"https://******@host/a\" is not"),
            ("https://u:p/w@x@host:8443/ and http://v:q@h", "https://******@host:8443/ and http://******@h"),
            ("host: \"u:pw@mail.test\"", "host: \"******@mail.test\""),
            ("to bob@example.com: no", "to bob@example.com: no"),
            ("https://bob@host/ 12:30", "https://bob@host/ 12:30"),
            ("nothing: here", "nothing: here"),
        ] {
            assert_eq!(logins(text), expected);
        }
    }
}
