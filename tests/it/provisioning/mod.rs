//! Whole boots: phones of each vendor from the carton to day two, through the real program.
//!
//! The stories are the same for every phone; what differs stands in each vendor's file: which requests it makes, and
//! how it proves itself on day two (protocols/avaya.md §1, vendors.md §1–3).

mod addresses;
mod ale;
mod archive;
mod avaya;
mod avaya_files;
mod codes;
mod firmware;
mod ipv6;
mod networks;
mod redirect;
mod settings_in_files;
mod snom;
mod uploads;
mod yealink;

use crate::support::phone::{Asked, Boot, Phone, account, add, own_account, phone};
use crate::support::server::Phonebox;

/// How a phone proves itself after its window is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Steady {
    Token,
    Credentials,
    /// An administrator's word: `phonebox device bind`.
    Binding,
}

struct Story {
    model: &'static str,
    tls: bool,
    steady: Steady,
    /// `file status` of each request of the first boot.
    first: &'static [&'static str],
}

impl Story {
    /// From the carton to its SIP account, as the installer does it.
    fn settle(&self) -> (Phonebox, Phone) {
        let phonebox = Phonebox::start();
        add(&phonebox, self.model, &[]);
        let mut phone = phone(self.model);
        if self.tls {
            phone.trust(&phonebox.ca_pem());
            phonebox.cli(&["profile", "set", "default", "--https", "true"]);
        }
        let boot = phone.boot(Some(&phonebox.url(self.tls)));
        // By HTTPS it is also told whom to trust from now on.
        let (trust, lines): (Vec<_>, Vec<_>) =
            boot.lines().into_iter().partition(|line| line.starts_with("phonebox-ca"));
        assert_eq!(lines, self.first);
        assert!(trust.iter().all(|line| line == "phonebox-ca.pem 200"), "{trust:?}");
        assert_eq!(account(&phone), own_account());
        assert_eq!(phone.account().unwrap().server.split(';').next(), Some("pbx.example"));
        assert!(boot.changed && boot.requests.iter().all(|asked| !asked.logged_in));
        (phonebox, phone)
    }

    fn start_url(&self, phonebox: &Phonebox) -> String {
        phonebox.url(self.tls)
    }

    /// AVA-009, ENR-001: without a code and without anybody's hand at the phone. Factory-new: the whole file, and the
    /// sentence says so.
    fn factory_new(&self) {
        let (phonebox, phone) = self.settle();
        let verdict = phonebox.verdict(phone.mac());
        assert!(verdict.starts_with("All is well: it is inside its first-contact"), "{verdict}");
        let device = phonebox.device(phone.mac());
        assert!(device["enrolled_at"].is_i64(), "enrolled when the last byte was delivered: {device}");
        let plain = phonebox.explain(phone.mac())["plain_secrets"].as_array().unwrap().len();
        assert_eq!(plain > 0, !self.tls, "every plain delivery of a secret is named");
    }

    /// YMC-044, YMC-197: the same phone from the same DHCP URL 25 hours later: the window is closed, the account is
    /// intact.
    fn day_two(&self) -> (Phonebox, Phone) {
        let (mut phonebox, mut phone) = self.settle();
        if self.steady == Steady::Binding {
            phonebox.cli(&["device", "bind", &phone.mac().to_string(), "127.0.0.0/8"]);
        }
        phonebox.restart_at("+25h");
        let boot = phone.boot(Some(&self.start_url(&phonebox)));
        assert!(boot.configured, "{:?}", boot.lines());
        assert_eq!(account(&phone), own_account(), "{:?}", boot.lines());
        match self.steady {
            Steady::Token => {
                let by_token = |asked: &Asked| asked.url.contains("/p/") || asked.file.starts_with("phonebox-ca");
                assert!(boot.requests.iter().all(by_token), "{:?}", boot.lines());
                assert_eq!(phonebox.device(phone.mac())["proof"], "token");
            }
            Steady::Credentials => {
                assert!(boot.requests.iter().any(|asked| asked.logged_in), "{:?}", boot.lines());
                assert_eq!(phonebox.device(phone.mac())["proof"], "credentials");
            }
            Steady::Binding => {
                assert!(phonebox.verdict(phone.mac()).contains("bound"), "{}", phonebox.verdict(phone.mac()))
            }
        }
        let verdict = phonebox.verdict(phone.mac());
        assert!(verdict.starts_with("All is well: "), "{verdict}");
        (phonebox, phone)
    }

    /// Nothing changed: the same bytes, so the phone applies nothing; by token, in the window and after a restart.
    fn polling_unchanged(&self) {
        let (mut phonebox, mut phone) = self.settle();
        // The only file that names it was there before it was known to come by HTTPS: the next one leads there. And Snom's
        // container leads by the token only whoever came by it.
        if self.tls && self.steady == Steady::Binding || self.model == "D785" {
            assert!(phone.poll().configured);
        }
        let polls: Vec<Boot> = (0..2).map(|_| phone.poll()).collect();
        phonebox.restart();
        let later = phone.poll();
        for poll in polls.iter().chain([&later]) {
            assert!(poll.configured && !poll.changed, "{:?}", poll.lines());
            for (one, other) in poll.requests.iter().zip(&polls[0].requests) {
                assert_eq!((&one.url, &one.digest), (&other.url, &other.digest));
            }
        }
        assert_eq!(account(&phone), own_account());
        // A change is seen by the next poll. (Last-Modified counts seconds: it must not be the same one.)
        phonebox.restart_at("+2h");
        phonebox.cli(&["device", "set", &phone.mac().to_string(), "--set", "sip.server=pbx2.example"]);
        let changed = phone.poll();
        assert!(changed.changed);
        assert!(phone.account().unwrap().server.starts_with("pbx2.example"));
        assert!(!phone.poll().changed);
    }

    /// A phone that can prove nothing and is bound to no network: after its window it gets no secret until let in.
    fn reset_without_proof(&self) {
        let (mut phonebox, mut phone) = self.settle();
        phonebox.restart_at("+25h");
        phone.factory_reset();
        if self.tls {
            phone.trust(&phonebox.ca_pem());
        }
        let start = self.start_url(&phonebox);
        phone.boot(Some(&start));
        assert_eq!(phone.account(), None);
        let mac = phone.mac().to_string();
        let verdict = phonebox.verdict(&mac);
        assert!(verdict.contains("came without proof") && verdict.contains("phonebox device let-in"), "{verdict}");
        phonebox.cli(&["device", "let-in", &mac]);
        let verdict = phonebox.verdict(&mac);
        assert!(verdict.contains("has not asked since: restart the phone"), "{verdict}");
        phone.boot(Some(&start));
        assert_eq!(account(&phone), own_account());
        let verdict = phonebox.verdict(&mac);
        assert!(verdict.starts_with("All is well: "), "{verdict}");
    }

    /// Reset: suspected, no secret. Let in again: everything, with a new token.
    fn reset(&self) {
        if self.steady == Steady::Binding {
            return self.reset_without_proof();
        }
        let (phonebox, mut phone) = match self.steady {
            Steady::Token => {
                let (phonebox, mut phone) = self.settle();
                assert!(phone.poll().configured, "its proof is on record now");
                (phonebox, phone)
            }
            _ => self.day_two(),
        };
        let mac = phone.mac().to_string();
        let (token, password) = secrets(&phone);
        phone.factory_reset();
        if self.tls {
            phone.trust(&phonebox.ca_pem());
        }
        let start = self.start_url(&phonebox);
        let boot = phone.boot(Some(&start));
        assert_eq!(phone.account(), None);
        for secret in [&token, &password, &Some(crate::support::phone::PASSWORD.to_owned())].into_iter().flatten() {
            let leaks =
                boot.requests.iter().any(|asked| String::from_utf8_lossy(&asked.body).contains(secret.as_str()));
            assert!(!leaks, "{:?}", boot.lines());
        }
        if self.steady == Steady::Credentials {
            // Every login begins with a 401; only one that goes unanswered tells a reset phone from a healthy one.
            assert!(phonebox.verdict(&mac).contains("phonebox device let-in"), "{}", phonebox.verdict(&mac));
            phone.boot(Some(&start));
            assert_eq!(phone.account(), None);
        }
        let verdict = phonebox.verdict(&mac);
        assert!(verdict.contains("came without its proof") && verdict.contains("phonebox device let-in"), "{verdict}");
        assert!(
            phonebox.alarms().iter().any(|alarm| alarm["kind"] == "reset-suspected" && alarm["object"] == mac.as_str())
        );
        phonebox.cli(&["device", "let-in", &mac]);
        phone.boot(Some(&start));
        assert_eq!(account(&phone), own_account());
        let (new_token, _) = secrets(&phone);
        assert_eq!(new_token == token, token.is_none(), "a new token");
        assert!(phone.poll().configured);
        let verdict = phonebox.verdict(&mac);
        assert!(verdict.starts_with("All is well: "), "{verdict}");
        assert!(phonebox.device(&mac)["reset_at"].is_null());
    }
}

/// The token in its URL, and its HTTP password.
fn secrets(phone: &Phone) -> (Option<String>, Option<String>) {
    let url = phone.server().unwrap_or_default();
    let token = url.split("/p/").nth(1).map(|rest| rest.trim_end_matches('/').to_owned());
    (token, phone.value("FORCE_HTTP_AUTH_PASSWORD").map(str::to_owned))
}

/// The five stories of a phone, over HTTP and over HTTPS.
macro_rules! stories {
    ($name:ident, $model:literal, $steady:ident, $first:expr) => {
        mod $name {
            use super::super::{Steady, Story};

            fn story(tls: bool) -> Story {
                Story { model: $model, tls, steady: Steady::$steady, first: $first }
            }

            #[test]
            fn factory_new_over_http() {
                story(false).factory_new();
            }

            #[test]
            fn factory_new_over_https() {
                story(true).factory_new();
            }

            #[test]
            fn the_same_dhcp_url_25_hours_later_over_http() {
                story(false).day_two();
            }

            #[test]
            fn the_same_dhcp_url_25_hours_later_over_https() {
                story(true).day_two();
            }

            #[test]
            fn polling_unchanged_over_http() {
                story(false).polling_unchanged();
            }

            #[test]
            fn polling_unchanged_over_https() {
                story(true).polling_unchanged();
            }

            #[test]
            fn reset_and_let_in_again_over_http() {
                story(false).reset();
            }

            #[test]
            fn reset_and_let_in_again_over_https() {
                story(true).reset();
            }
        }
    };
}
use stories;
