//! Tells a new user by mail that there is a login (AVA-174, YMC-034), where whoever added them chose the first password.
//! That password is not in it: who reads the mail does not get in.

use super::Address;
use crate::db::Tx;
use crate::mail;
use crate::seal::Keyring;
use crate::users::store::NewUser;
use crate::web::Problem;

/// False: no mail server is set, or too many mails wait.
pub fn send(
    tx: &Tx,
    keys: &Keyring,
    address: &Address,
    user: &NewUser,
    account: &str,
    now: i64,
) -> Result<bool, Problem> {
    if !mail::settings::is_set(tx)? {
        return Ok(false);
    }
    let place = match address.link("/") {
        Some(url) => format!("Log in here:\n\n{url}"),
        None => "Log in at the address of your Phonebox.".to_owned(),
    };
    let body = format!(
        "Login name: {}\nAccount: {}\n\n{place}\n\nWhoever added you tells you the password. The first login asks for one of \
         your own.\n",
        mail::line(&user.login),
        mail::line(account)
    );
    let letter = mail::Letter {
        account_id: user.account_id,
        kind: "activate".to_owned(),
        recipient: user.email.clone(),
        subject: "Your login to Phonebox".to_owned(),
        body,
    };
    Ok(mail::store::queue(tx, keys, &letter, now)?)
}
