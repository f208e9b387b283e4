//! Passwords: what counts as one, and how it is kept (argon2id, RFC 9106).
//!
//! A hash takes 19 MiB and tens of milliseconds: two at once, in threads of their own, and a short queue before them.
//! What was never a password of anybody takes the same time to be refused.

use super::throttle::too_many;
use crate::seal::{SealError, random};
use crate::settings::Secret;
use crate::web::{Code, Problem};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use std::collections::HashSet;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

const SHORTEST: usize = 8;
const LONGEST: usize = 256;
/// Of small letters, capitals, digits and the rest.
const CLASSES: usize = 3;
/// Hashes that wait for their turn; more are told to come back.
const QUEUE: usize = 64;

/// The 10,000 most used passwords of leaked lists (the list of Django, BSD-3-Clause), in small letters.
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Of a password that nobody has: unknown logins are compared with it.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash(&Secret::new("nobody"), b"nobody has this.").unwrap_or_default());

static PERMITS: Semaphore = Semaphore::const_new(2);
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// ALE-014, ALE-015: 8 characters, three of four classes. Longer ones than the 20 of that rule are welcome.
pub fn check(password: &str, login: &str) -> Result<(), Problem> {
    let refuse = |rule: String| {
        let message = format!("The password is not accepted: {rule}.");
        Err(Problem::new(Code::BadPassword, message, "Choose another one: three unusual words and a digit are good."))
    };
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        return refuse(format!("it has {length} characters, and must have {SHORTEST} to {LONGEST}"));
    }
    if password.chars().any(char::is_control) {
        return refuse("it holds a control character".into());
    }
    let is: [fn(char) -> bool; 4] =
        [char::is_lowercase, char::is_uppercase, |c| c.is_ascii_digit(), |c| !c.is_alphanumeric()];
    let classes = is.iter().filter(|is| password.chars().any(**is)).count();
    if classes < CLASSES {
        return refuse("it needs three of these: small letters, capital letters, digits, other characters".into());
    }
    let small = password.to_lowercase();
    if small == login.to_lowercase() {
        return refuse("it is the login name".into());
    }
    // "Password1!" is "password" with what every rule asks for.
    let core = small.trim_matches(|c: char| !c.is_alphabetic());
    let added = length - core.chars().count();
    if COMMON.contains(small.as_str()) || (added <= 4 && COMMON.contains(core)) {
        return refuse("it is one of those that everybody tries first".into());
    }
    Ok(())
}

/// For the database. Call it with a checked password.
pub async fn seal(password: Secret) -> Result<String, Problem> {
    let salt = random::<16>()?;
    work(move || hash(&password, &salt)).await?.ok_or_else(|| Problem::internal("a password could not be hashed"))
}

/// Whether it is the right one. Takes as long when there is none.
pub async fn is_right(password: Secret, stored: Option<String>) -> Result<bool, Problem> {
    work(move || {
        let (stored, known) = stored.as_deref().map_or((NOBODY.as_str(), false), |stored| (stored, true));
        let right = PasswordHash::new(stored)
            .is_ok_and(|hash| Argon2::default().verify_password(password.reveal().as_bytes(), &hash).is_ok());
        right && known
    })
    .await
}

fn hash(password: &Secret, salt: &[u8]) -> Option<String> {
    let hash = Argon2::default().hash_password_with_salt(password.reveal().as_bytes(), salt);
    hash.ok().map(|hash: PasswordHash| hash.to_string())
}

async fn work<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    struct Place;
    impl Drop for Place {
        fn drop(&mut self) {
            WAITING.fetch_sub(1, Ordering::Relaxed);
        }
    }
    let before = WAITING.fetch_add(1, Ordering::Relaxed);
    let _place = Place;
    if before >= QUEUE {
        return Err(too_many(1_000));
    }
    let permit = PERMITS.acquire().await.map_err(Problem::internal)?;
    tokio::task::spawn_blocking(move || {
        let done = job();
        drop(permit);
        done
    })
    .await
    .map_err(Problem::internal)
}

/// One that a person is given and must change: easy to read out, 77 bits.
pub fn temporary() -> Result<Secret, SealError> {
    let groups = words(15)?;
    Ok(Secret::new(format!("Pb-{groups}")))
}

/// A code that a person types: groups of five, from letters and digits that are not mistaken for others.
pub fn words(length: usize) -> Result<String, SealError> {
    const SIGNS: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyz2";
    let bytes = random::<64>()?;
    let mut text = String::new();
    for (place, byte) in bytes.iter().take(length).enumerate() {
        if place > 0 && place % 5 == 0 {
            text.push('-');
        }
        text.push(SIGNS.get(usize::from(byte % 31)).map_or('2', |sign| char::from(*sign)));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ale_014_ale_015_threat_053_what_counts_as_a_password() {
        for good in ["Tr0ub4dor&", "correct Horse battery 9", "aB3defgh", &"Ab1".repeat(80), "Ünter7 den Linden"] {
            assert_eq!(check(good, "alice"), Ok(()), "{good}");
        }
        let long = "Ab1".repeat(400);
        for (bad, why) in [
            ("aB3defg", "7 characters"),
            (long.as_str(), "1200 characters"),
            ("abcdefgh", "three of these"),
            ("abcdefg1", "three of these"),
            ("Abc\u{0}defg1", "control"),
            ("Password1!", "tries first"),
            ("Passw0rd", "tries first"),
            ("Summer2024", "tries first"),
            ("Alice.Smith1", "login name"),
        ] {
            let problem = check(bad, "alice.smith1").unwrap_err();
            assert!(problem.code == Code::BadPassword && problem.message.contains(why), "{bad}: {problem}");
        }
    }

    #[tokio::test]
    async fn a_hash_opens_with_its_password_only_and_no_two_are_alike() {
        let seal = async |text: &str| super::seal(Secret::new(text)).await.unwrap();
        let (one, other) = (seal("hunter2").await, seal("hunter2").await);
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && one != other, "{one}");
        let right = async |text: &str, stored: Option<&String>| {
            super::is_right(Secret::new(text), stored.cloned()).await.unwrap()
        };
        assert!(right("hunter2", Some(&one)).await);
        assert!(!right("hunter3", Some(&one)).await);
        assert!(!right("nobody", None).await);
        assert!(!right("hunter2", Some(&"garbage".to_owned())).await);
    }

    #[test]
    fn codes_are_long_and_easy_to_type() {
        let code = words(20).unwrap();
        assert_eq!(code.len(), 23);
        assert!(!code.contains(['0', '1', 'i', 'l', 'o']) && code != words(20).unwrap());
        assert_eq!(check(temporary().unwrap().reveal(), "x"), Ok(()));
    }
}
