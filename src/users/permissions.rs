//! What somebody may be allowed: the one table. Guards, the OpenAPI document, roles, API keys and the page derive from it.
//!
//! A permission that implies others brings them along: who may change a thing sees it (ALE-082, ALE-083). Those of the
//! box itself count in the box's own account only.

/// Where a permission counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// In any account, for what that account owns.
    Account,
    /// In the box's own account only: it is about the machine and about everybody on it.
    Box,
}

macro_rules! permissions {
    ($($name:ident = $word:literal, $group:literal, $reach:ident, $words:literal, [$($implied:ident)*];)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Permission { $($name),* }

        impl Permission {
            pub const ALL: &[Permission] = &[$(Permission::$name),*];

            pub fn word(self) -> &'static str {
                match self { $(Permission::$name => $word),* }
            }

            pub fn group(self) -> &'static str {
                match self { $(Permission::$name => $group),* }
            }

            pub fn reach(self) -> Reach {
                match self { $(Permission::$name => Reach::$reach),* }
            }

            /// For people.
            pub fn words(self) -> &'static str {
                match self { $(Permission::$name => $words),* }
            }

            pub fn implies(self) -> &'static [Permission] {
                match self { $(Permission::$name => &[$(Permission::$implied),*]),* }
            }
        }
    };
}

permissions! {
    DeviceRead = "device.read", "devices", Account, "See phones and what they would get", [];
    DeviceAdd = "device.add", "devices", Account, "Add, import and export phones", [DeviceRead];
    DeviceWrite = "device.write", "devices", Account, "Change phones, activate them, let them in again", [DeviceRead];
    DeviceDelete = "device.delete", "devices", Account, "Remove phones", [DeviceRead];
    DeviceMove = "device.move", "devices", Account, "Hand phones to accounts below and take them back", [DeviceRead AccountRead];
    ProfileRead = "profile.read", "profiles", Account, "See profiles", [];
    ProfileAdd = "profile.add", "profiles", Account, "Add profiles", [ProfileRead];
    ProfileWrite = "profile.write", "profiles", Account, "Change profiles and where they send phones", [ProfileRead];
    ProfileDelete = "profile.delete", "profiles", Account, "Remove profiles", [ProfileRead];
    SiteRead = "site.read", "sites", Account, "See sites", [];
    SiteWrite = "site.write", "sites", Account, "Add and change sites", [SiteRead];
    SiteDelete = "site.delete", "sites", Account, "Remove sites", [SiteRead];
    GroupRead = "group.read", "groups", Account, "See groups of phones", [];
    GroupWrite = "group.write", "groups", Account, "Add, change and remove groups of phones", [GroupRead];
    SettingRead = "setting.read", "settings", Account, "See settings", [];
    SettingWrite = "setting.write", "settings", Account, "Change settings", [SettingRead];
    SecretReveal = "secret.reveal", "settings", Account, "See passwords in a vendor's own text", [SettingRead];
    FileRead = "file.read", "files", Account, "See files for phones", [];
    FileWrite = "file.write", "files", Account, "Store and remove files for phones", [FileRead];
    CheckInRead = "check-in.read", "logs", Account, "See what phones asked for", [];
    AuditRead = "audit.read", "logs", Account, "See who changed what", [];
    AlarmRead = "alarm.read", "alarms", Account, "See alarms", [];
    AlarmWrite = "alarm.write", "alarms", Account, "Close alarms", [AlarmRead];
    EnrollmentRead = "enrollment.read", "certificates", Account, "See requests for certificates", [];
    EnrollmentWrite = "enrollment.write", "certificates", Account, "Let phones have certificates", [EnrollmentRead DeviceRead];
    AccountRead = "account.read", "accounts", Account, "See this account and those below it", [];
    AccountWrite = "account.write", "accounts", Account, "Change this account and those below it", [AccountRead];
    AccountAdd = "account.add", "accounts", Account, "Add accounts below this one", [AccountRead];
    AccountEnable = "account.enable", "accounts", Account, "Enable and disable accounts below this one", [AccountRead];
    AccountDelete = "account.delete", "accounts", Account, "Remove accounts below this one", [AccountRead];
    AccountSwitch = "account.switch", "accounts", Account, "Work inside accounts below this one, and those that allow it", [AccountRead];
    ChannelWrite = "channel.write", "accounts", Account, "Let another account work inside this one", [AccountRead];
    LinkRead = "link.read", "accounts", Account, "See linked accounts", [];
    LinkWrite = "link.write", "accounts", Account, "Link accounts", [LinkRead];
    UserRead = "user.read", "users", Account, "See users", [];
    UserWrite = "user.write", "users", Account, "Add, change and freeze users", [UserRead RoleRead];
    UserDelete = "user.delete", "users", Account, "Remove users", [UserRead];
    RoleRead = "role.read", "users", Account, "See roles", [];
    RoleWrite = "role.write", "users", Account, "Add, change and remove roles", [RoleRead];
    ApiKeyRead = "api-key.read", "api", Account, "See API keys", [];
    ApiKeyWrite = "api-key.write", "api", Account, "Make, change and remove API keys", [ApiKeyRead];
    WebhookRead = "webhook.read", "notifications", Account, "See webhooks", [];
    WebhookWrite = "webhook.write", "notifications", Account, "Add, change and remove webhooks", [WebhookRead];
    NotificationRead = "notification.read", "notifications", Account, "See which mails are sent and what waits", [];
    NotificationWrite = "notification.write", "notifications", Account, "Choose which mails are sent, try them again", [NotificationRead];
    MailRead = "mail.read", "notifications", Box, "See the mail server", [NotificationRead];
    MailWrite = "mail.write", "notifications", Box, "Set the mail server", [MailRead NotificationWrite];
    NetworkRead = "network.read", "box", Box, "See networks and phones that wait", [];
    NetworkWrite = "network.write", "box", Box, "Change what phones may do by where they come from", [NetworkRead];
    CertificateRead = "certificate.read", "certificates", Box, "See certificates and authorities", [];
    CertificateWrite = "certificate.write", "certificates", Box, "Issue and revoke certificates", [CertificateRead];
    AuthorityWrite = "authority.write", "certificates", Box, "Change the box's authorities and its own certificate", [CertificateRead];
    SignUpRead = "sign-up.read", "accounts", Box, "See who asks for an account", [];
    SignUpWrite = "sign-up.write", "accounts", Box, "Decide who gets an account", [SignUpRead];
    BoxWrite = "box.write", "box", Box, "Change the box itself: its sealing key, its token", [];
}

/// What nobody has in an account that only let them in: with it they would be there still when that has ended, as a user,
/// a key, a guest of a guest, an account of it, with its phones, or somewhere that its events go to (YMC-177).
pub const NOT_OF_GUESTS: [Permission; 10] = {
    use Permission::*;
    [
        ChannelWrite,
        LinkWrite,
        AccountAdd,
        DeviceMove,
        UserWrite,
        UserDelete,
        RoleWrite,
        ApiKeyWrite,
        WebhookWrite,
        NotificationWrite,
    ]
};

impl utoipa::PartialSchema for Permission {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let words = Permission::ALL.iter().map(|permission| permission.word());
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(words))
            .description(Some("What somebody may be allowed: `GET /api/v1/permissions` says it in words."))
            .into()
    }
}

impl utoipa::ToSchema for Permission {}

impl std::str::FromStr for Permission {
    type Err = ();

    fn from_str(word: &str) -> Result<Permission, ()> {
        Permission::ALL.iter().copied().find(|permission| permission.word() == word).ok_or(())
    }
}

/// Some of them, with what they imply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u64);

const _: () = assert!(Permission::ALL.len() <= 64, "a set has 64 places");

impl Permissions {
    pub const NONE: Permissions = Permissions(0);

    pub fn all() -> Permissions {
        Permission::ALL.iter().copied().collect()
    }

    pub fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    pub fn holds(self, other: Permissions) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn join(self, other: Permissions) -> Permissions {
        Permissions(self.0 | other.0)
    }

    pub fn both(self, other: Permissions) -> Permissions {
        Permissions(self.0 & other.0)
    }

    /// Without those of the box.
    pub fn without_box(self) -> Permissions {
        self.iter().filter(|permission| permission.reach() == Reach::Account).collect()
    }

    /// Without what stays the account's own.
    pub fn of_a_guest(self) -> Permissions {
        self.iter().filter(|permission| !NOT_OF_GUESTS.contains(permission)).collect()
    }

    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.has(*permission))
    }

    pub fn words(self) -> Vec<&'static str> {
        self.iter().map(Permission::word).collect()
    }

    fn add(&mut self, permission: Permission) {
        if !self.has(permission) {
            self.0 |= 1 << permission as u8;
            permission.implies().iter().for_each(|implied| self.add(*implied));
        }
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(all: I) -> Permissions {
        let mut set = Permissions::NONE;
        all.into_iter().for_each(|permission| set.add(permission));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ale_082_ale_083_what_changes_a_thing_also_shows_it() {
        for permission in Permission::ALL {
            let set: Permissions = [*permission].into_iter().collect();
            let (thing, operation) = permission.word().split_once('.').unwrap();
            assert!(!operation.is_empty() && !permission.words().is_empty());
            let read = format!("{thing}.read").parse::<Permission>();
            assert!(read.is_err() || set.has(read.unwrap()), "{permission:?}");
            assert_eq!(permission.word().parse(), Ok(*permission));
            // What counts in every account never brings along what is the box's.
            assert!(permission.reach() == Reach::Box || set.without_box() == set, "{permission:?}");
            // Nor does anything that a guest has what a guest has not.
            let guest = set.without_box().of_a_guest();
            assert!(NOT_OF_GUESTS.iter().all(|own| !guest.has(*own)), "{permission:?}");
        }
    }

    #[test]
    fn a_set_holds_what_is_in_it_and_nothing_else() {
        let some: Permissions = [Permission::DeviceWrite, Permission::MailWrite].into_iter().collect();
        let notification = ["notification.read", "notification.write"];
        let account = [["device.read", "device.write"], notification].concat();
        assert_eq!(some.words(), [account.as_slice(), &["mail.read", "mail.write"]].concat());
        assert_eq!(some.without_box().words(), account);
        assert!(Permissions::all().holds(some) && !some.holds(Permissions::all()));
        assert_eq!(some.both(Permissions::NONE), Permissions::NONE);
    }
}
