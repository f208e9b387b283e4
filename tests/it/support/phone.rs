//! Phones of the tests: the product's virtual phone, each model with a MAC of its vendor, and the box told about it.

use super::server::Phonebox;
pub use phonebox::phone::{Asked, Boot, Phone};

pub const PASSWORD: &str = "s3cr3t-Pa55";

/// A MAC from the vendor's own range for each model.
pub fn mac(model: &str) -> &'static str {
    match model {
        "T54W" => "805ec0aabb01",
        "T53W" => "805ec0aabb02",
        "T46S" => "001565aabb03",
        "T31G" => "249ad8aabb04",
        "W60B" => "805ec0aabb05",
        "T56A" => "001565f429a4",
        "D785" => "000413922d24",
        "D735" => "000413a22d25",
        "D712" => "000413b22d26",
        "M3" => "3c28a620089e",
        "M5" => "3c28a6200aaa",
        "8028s" => "487a55023075",
        "4018" => "00809faabb07",
        "J179" => "c81fea83e85a",
        "J189" => "c81fea83e85b",
        "J129" => "c81fea9b650d",
        "J169" => "c81fea9b650e",
        "9608" => "d47856b7122c",
        "9641" => "d47856b7122d",
        "K175" => "001b4faabb08",
        other => panic!("no MAC for {other}"),
    }
}

pub fn phone(model: &str) -> Phone {
    Phone::new(model, mac(model).parse().unwrap()).unwrap()
}

/// The account that [`add`] gives it.
pub fn account(phone: &Phone) -> Option<(String, String)> {
    phone.account().map(|account| (account.user, account.password))
}

pub fn own_account() -> Option<(String, String)> {
    Some(("201".to_owned(), PASSWORD.to_owned()))
}

/// Added as the installer's manual says, and activated.
pub fn add(phonebox: &Phonebox, model: &str, more: &[&str]) {
    let line = format!("user=201,password={},name=\"Desk 201\"", phonebox.secret(PASSWORD));
    let words =
        ["device", "add", mac(model), "--model", model, "--set", "sip.server=pbx.example", "--line", "1", &line];
    phonebox.cli(&[&words, more, &["--activate"]].concat());
}
