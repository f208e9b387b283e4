//! What a mail looks like: plain text, and where it leads to the page the same with a button (ALE-009).

use super::Page;
use lettre::Message;
use lettre::error::Error;
use lettre::message::header::ContentType;
use lettre::message::{MessageBuilder, MultiPart};

/// The same as HTML, where a line is an address of the page: of this box, and of nobody else.
fn html(text: &str, page: &Page) -> Option<String> {
    let start = page.link("/")?;
    let url =
        text.lines().map(str::trim).find(|line| line.starts_with(&start) && !line.contains(char::is_whitespace))?;
    let words = match url.get(start.len()..).and_then(|path| path.split(['#', '?', '/']).next()) {
        Some("activate" | "reset") => "Choose a password",
        _ => "Open the page",
    };
    let shown = |line: &str| match line.trim() == url {
        false => escaped(line),
        true => {
            let url = escaped(url);
            format!(
                "<a href=\"{url}\" style=\"display:inline-block;padding:10px 18px;border-radius:6px;\
                 background:#1864ab;color:#ffffff;text-decoration:none\">{words}</a><br>{url}"
            )
        }
    };
    let lines: Vec<String> = text.trim_end().lines().map(shown).collect();
    let lines = lines.join("<br>\n");
    Some(format!(
        "<!doctype html>\n<html><body style=\"font-family:sans-serif;line-height:1.5\">\n{lines}\n</body></html>\n"
    ))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// The whole mail: one part, or both.
pub fn of(builder: MessageBuilder, text: &str, page: &Page) -> Result<Message, Error> {
    match html(text, page) {
        Some(html) => builder.multipart(MultiPart::alternative_plain_html(text.to_owned(), html)),
        None => builder.header(ContentType::TEXT_PLAIN).body(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_the_page_itself_becomes_a_button_and_nothing_becomes_markup() {
        let page = Page::at(Some("https://box.example/".into()));
        let text = "Login name: <b>\n\nhttps://evil.example/\n\nhttps://box.example/activate#code=ab\n";
        let made = html(text, &page).unwrap();
        assert_eq!(made.matches("<a ").count(), 1, "{made}");
        assert!(made.contains("href=\"https://box.example/activate#code=ab\"") && made.contains("&lt;b&gt;"), "{made}");
        assert!(made.contains(">Choose a password</a><br>https://box.example/activate#code=ab"), "{made}");
        for text in ["https://box.example.evil.example/x", "https://evil.example/", "x https://box.example/\" y", "x"] {
            assert_eq!(html(text, &page), None, "{text}");
        }
        assert_eq!(html("https://box.example/", &Page::at(None)), None);
    }
}
