//! The kinds of events: one table, from which the switches, the mails' subjects and the webhooks' words are made.

/// (word, what people read, subject of its mail)
pub const KINDS: &[(Kind, &str, &str, &str)] = &[
    (Kind::CodeUsed, "enrollment-code-used", "A device user entered an enrollment code", "Enrollment code used"),
    (Kind::ProvisioningChanged, "provisioning-changed", "A provisioning URL was changed", "Provisioning URL changed"),
    (Kind::DeviceClaimed, "device-claimed", "A device was added to the account", "Device added"),
    (
        Kind::DeviceAssociated,
        "device-associated",
        "A device was given to an account or a site",
        "Device given to a site",
    ),
    (Kind::EnrollmentFailed, "enrollment-failed", "A device could not be enrolled, and why", "Device not enrolled"),
    (Kind::PasswordChanged, "password-changed", "A user's password was changed", "Password changed"),
    (Kind::AccountLinked, "account-linked", "Two accounts were linked", "Accounts linked"),
    (Kind::Alarm, "alarm", "Something needs a hand", "Alarm"),
];

/// AVA-059 to AVA-065, and alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    CodeUsed,
    ProvisioningChanged,
    DeviceClaimed,
    DeviceAssociated,
    EnrollmentFailed,
    PasswordChanged,
    AccountLinked,
    Alarm,
}

impl Kind {
    pub fn word(self) -> &'static str {
        KINDS.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, word, ..)| word)
    }
}

/// Whether there is a kind of this word.
pub fn is_kind(word: &str) -> bool {
    KINDS.iter().any(|(_, known, ..)| *known == word)
}

/// The subject of a mail of this kind.
pub fn subject(word: &str) -> &'static str {
    KINDS.iter().find(|(_, known, ..)| *known == word).map_or("Phonebox", |(.., subject)| subject)
}
