//! What each route asks for: the one table. The guard looks a route up here; one without a row lets nobody in.

use super::permissions::Permission::{self, *};

/// What must be shown to use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it opens the door, or tells strangers nothing.
    Open,
    /// A person who has logged in, whatever is still due from them.
    LoggedIn,
    /// A person, for what is their own.
    Person,
    /// Anybody who is let in at all.
    Anybody,
    May(Permission),
    /// Whoever may open the socket in the data directory.
    Console,
}

impl Need {
    /// For the API's document.
    pub fn words(self) -> String {
        match self {
            Need::Open => "Needs no login.".into(),
            Need::LoggedIn | Need::Person => "Needs a session: it is about whoever is logged in.".into(),
            Need::Anybody => "Needs a session or an API key.".into(),
            Need::May(permission) => format!("Needs the permission `{}`.", permission.word()),
            Need::Console => "At the box itself only.".into(),
        }
    }
}

use Need::{Anybody, Console, LoggedIn, May, Open, Person};

/// (method, path below /api/v1, need), in the order of the paths.
#[rustfmt::skip]
pub const ROUTES: &[(&str, &str, Need)] = &[
    ("GET",    "/about",                                       Anybody),
    ("GET",    "/accounts",                                    May(AccountRead)),
    ("POST",   "/accounts",                                    May(AccountAdd)),
    ("GET",    "/accounts/{id}",                               May(AccountRead)),
    ("PATCH",  "/accounts/{id}",                               May(AccountWrite)),
    ("DELETE", "/accounts/{id}",                               May(AccountDelete)),
    ("GET",    "/accounts/{id}/devices",                       May(DeviceMove)),
    ("POST",   "/accounts/{id}/devices",                       May(DeviceMove)),
    ("POST",   "/accounts/{id}/devices/take-back",             May(DeviceMove)),
    ("POST",   "/accounts/{id}/disable",                       May(AccountEnable)),
    ("POST",   "/accounts/{id}/enable",                        May(AccountEnable)),
    ("GET",    "/accounts/{id}/firmware",                      May(SettingRead)),
    ("PUT",    "/accounts/{id}/firmware",                      May(SettingWrite)),
    ("GET",    "/accounts/{id}/profiles",                      May(ProfileRead)),
    ("GET",    "/accounts/{id}/removal",                       May(AccountDelete)),
    ("POST",   "/accounts/{id}/site-profiles",                 May(SiteWrite)),
    ("GET",    "/accounts/{id}/sites",                         May(SiteRead)),
    ("POST",   "/accounts/{id}/sites",                         May(SiteWrite)),
    ("PUT",    "/accounts/{id}/sites/{name}",                  May(SiteWrite)),
    ("DELETE", "/accounts/{id}/sites/{name}",                  May(SiteDelete)),
    ("GET",    "/accounts/{id}/sites/{name}/archive",          May(SettingRead)),
    ("PUT",    "/accounts/{id}/sites/{name}/archive",          May(SettingWrite)),
    ("DELETE", "/accounts/{id}/sites/{name}/archive",          May(SettingWrite)),
    ("GET",    "/accounts/{id}/sites/{name}/firmware",         May(SettingRead)),
    ("PUT",    "/accounts/{id}/sites/{name}/firmware",         May(SettingWrite)),
    ("GET",    "/alarms",                                      May(AlarmRead)),
    ("POST",   "/alarms/read",                                 May(AlarmRead)),
    ("GET",    "/alarms/unread",                               May(AlarmRead)),
    ("POST",   "/alarms/{id}/close",                           May(AlarmWrite)),
    ("GET",    "/api-keys",                                    May(ApiKeyRead)),
    ("POST",   "/api-keys",                                    May(ApiKeyWrite)),
    ("PATCH",  "/api-keys/{id}",                               May(ApiKeyWrite)),
    ("DELETE", "/api-keys/{id}",                               May(ApiKeyWrite)),
    ("POST",   "/api-keys/{id}/reset",                         May(ApiKeyWrite)),
    ("GET",    "/audit",                                       May(AuditRead)),
    ("GET",    "/audit/about",                                 May(AuditRead)),
    ("GET",    "/audit/verify",                                May(BoxWrite)),
    ("GET",    "/ca",                                          May(CertificateRead)),
    ("POST",   "/ca/clock",                                    May(AuthorityWrite)),
    ("GET",    "/ca/crl",                                      May(CertificateRead)),
    ("GET",    "/ca/device-cas",                               May(CertificateRead)),
    ("PUT",    "/ca/device-cas/{name}",                        May(AuthorityWrite)),
    ("DELETE", "/ca/device-cas/{name}",                        May(AuthorityWrite)),
    ("GET",    "/ca/expiring",                                 May(CertificateRead)),
    ("POST",   "/ca/import",                                   May(AuthorityWrite)),
    ("POST",   "/ca/request",                                  May(AuthorityWrite)),
    ("GET",    "/ca/rollover",                                 May(CertificateRead)),
    ("POST",   "/ca/rollover/cancel",                          May(AuthorityWrite)),
    ("POST",   "/ca/rollover/finish",                          May(AuthorityWrite)),
    ("POST",   "/ca/rollover/start",                           May(AuthorityWrite)),
    ("POST",   "/ca/rollover/switch",                          May(AuthorityWrite)),
    ("POST",   "/ca/root/export",                              May(AuthorityWrite)),
    ("POST",   "/ca/root/offline",                             May(AuthorityWrite)),
    ("POST",   "/ca/root/online",                              May(AuthorityWrite)),
    ("PUT",    "/ca/server",                                   May(AuthorityWrite)),
    ("DELETE", "/ca/server",                                   May(AuthorityWrite)),
    ("GET",    "/catalogue",                                   Anybody),
    ("GET",    "/certificate-profiles",                        May(CertificateRead)),
    ("POST",   "/certificate-profiles",                        May(CertificateWrite)),
    ("PATCH",  "/certificate-profiles/{name}",                 May(CertificateWrite)),
    ("GET",    "/certificates",                                May(CertificateRead)),
    ("POST",   "/certificates",                                May(CertificateWrite)),
    ("POST",   "/certificates/revoke-all",                     May(CertificateWrite)),
    ("GET",    "/certificates/{serial}",                       May(CertificateRead)),
    ("GET",    "/certificates/{serial}/pem",                   May(CertificateRead)),
    ("POST",   "/certificates/{serial}/revoke",                May(CertificateWrite)),
    ("GET",    "/channels",                                    May(AccountRead)),
    ("POST",   "/channels",                                    May(ChannelWrite)),
    ("DELETE", "/channels/{id}",                               May(ChannelWrite)),
    ("POST",   "/channels/{id}/accept",                        May(ChannelWrite)),
    ("POST",   "/channels/{id}/decline",                       May(ChannelWrite)),
    ("GET",    "/check-ins",                                   May(CheckInRead)),
    ("GET",    "/check-ins/live",                              May(CheckInRead)),
    ("GET",    "/contact",                                     Open),
    ("GET",    "/device-lockout",                              Anybody),
    ("PUT",    "/device-lockout",                              May(BoxWrite)),
    ("GET",    "/devices",                                     May(DeviceRead)),
    ("POST",   "/devices",                                     May(DeviceAdd)),
    ("GET",    "/devices/check",                               May(DeviceRead)),
    ("GET",    "/devices/count",                               May(DeviceRead)),
    ("GET",    "/devices/export",                              May(DeviceAdd)),
    ("POST",   "/devices/import",                              May(DeviceAdd)),
    ("GET",    "/devices/{mac}",                               May(DeviceRead)),
    ("DELETE", "/devices/{mac}",                               May(DeviceDelete)),
    ("PATCH",  "/devices/{mac}",                               May(DeviceWrite)),
    ("POST",   "/devices/{mac}/activate",                      May(DeviceWrite)),
    ("POST",   "/devices/{mac}/bindings",                      May(DeviceWrite)),
    ("DELETE", "/devices/{mac}/bindings/{address}/{prefix}",   May(DeviceWrite)),
    ("POST",   "/devices/{mac}/certificate-file",              May(EnrollmentWrite)),
    ("POST",   "/devices/{mac}/challenge",                     May(EnrollmentWrite)),
    ("POST",   "/devices/{mac}/deactivate",                    May(DeviceWrite)),
    ("GET",    "/devices/{mac}/explain",                       May(DeviceRead)),
    ("POST",   "/devices/{mac}/let-in",                        May(DeviceWrite)),
    ("DELETE", "/devices/{mac}/lines/{number}",                May(DeviceWrite)),
    ("PATCH",  "/devices/{mac}/lines/{number}",                May(DeviceWrite)),
    ("GET",    "/devices/{mac}/preview/{file}",                May(DeviceRead)),
    ("GET",    "/enrollment/requests",                         May(EnrollmentRead)),
    ("POST",   "/enrollment/requests/{id}/approve",            May(EnrollmentWrite)),
    ("POST",   "/enrollment/requests/{id}/decline",            May(EnrollmentWrite)),
    ("GET",    "/files",                                       May(FileRead)),
    ("GET",    "/files/{name}",                                May(FileRead)),
    ("PUT",    "/files/{name}",                                May(FileWrite)),
    ("DELETE", "/files/{name}",                                May(FileWrite)),
    ("GET",    "/groups",                                      May(GroupRead)),
    ("POST",   "/groups",                                      May(GroupWrite)),
    ("GET",    "/groups/{name}",                               May(GroupRead)),
    ("DELETE", "/groups/{name}",                               May(GroupWrite)),
    ("PATCH",  "/groups/{name}",                               May(GroupWrite)),
    ("GET",    "/invitations",                                 May(ChannelWrite)),
    ("POST",   "/invitations",                                 May(ChannelWrite)),
    ("DELETE", "/invitations/{id}",                            May(ChannelWrite)),
    ("POST",   "/invitations/accept",                          May(ChannelWrite)),
    ("POST",   "/key/rotate",                                  May(BoxWrite)),
    ("GET",    "/layers",                                      May(SettingRead)),
    ("GET",    "/links",                                       May(LinkRead)),
    ("POST",   "/links",                                       May(LinkWrite)),
    ("DELETE", "/links/{id}",                                  May(LinkWrite)),
    ("POST",   "/links/{id}/approve",                          May(LinkWrite)),
    ("POST",   "/links/{id}/decline",                          May(LinkWrite)),
    ("GET",    "/mail",                                        May(MailRead)),
    ("PUT",    "/mail",                                        May(MailWrite)),
    ("DELETE", "/mail",                                        May(MailWrite)),
    ("GET",    "/mail/queue",                                  May(NotificationRead)),
    ("DELETE", "/mail/queue/{id}",                             May(NotificationWrite)),
    ("POST",   "/mail/queue/{id}/retry",                       May(NotificationWrite)),
    ("POST",   "/mail/test",                                   May(MailWrite)),
    ("GET",    "/me",                                          LoggedIn),
    ("PATCH",  "/me",                                          Person),
    ("PUT",    "/me/password",                                 LoggedIn),
    ("POST",   "/me/totp",                                     LoggedIn),
    ("PUT",    "/me/totp",                                     LoggedIn),
    ("DELETE", "/me/totp",                                     LoggedIn),
    ("GET",    "/models",                                      Anybody),
    ("GET",    "/networks",                                    May(NetworkRead)),
    ("PUT",    "/networks/{address}/{prefix}",                 May(NetworkWrite)),
    ("DELETE", "/networks/{address}/{prefix}",                 May(NetworkWrite)),
    ("GET",    "/notifications",                               May(NotificationRead)),
    ("PUT",    "/notifications",                               May(NotificationWrite)),
    ("GET",    "/openapi.json",                                Anybody),
    ("GET",    "/overview",                                    Anybody),
    ("POST",   "/password/forgotten",                          Open),
    ("POST",   "/password/reset",                              Open),
    ("GET",    "/pending",                                     May(NetworkRead)),
    ("DELETE", "/pending/{mac}",                               May(NetworkWrite)),
    ("GET",    "/permissions",                                 Anybody),
    ("GET",    "/profiles",                                    May(ProfileRead)),
    ("POST",   "/profiles",                                    May(ProfileAdd)),
    ("GET",    "/profiles/{name}",                             May(ProfileRead)),
    ("DELETE", "/profiles/{name}",                             May(ProfileDelete)),
    ("PATCH",  "/profiles/{name}",                             May(ProfileWrite)),
    ("POST",   "/profiles/{name}/targets",                     May(ProfileWrite)),
    ("DELETE", "/profiles/{name}/targets/{position}",          May(ProfileWrite)),
    ("PATCH",  "/profiles/{name}/targets/{position}",          May(ProfileWrite)),
    ("GET",    "/raw-texts",                                   May(SettingRead)),
    ("GET",    "/raw-texts/{vendor}",                          May(SettingRead)),
    ("PUT",    "/raw-texts/{vendor}",                          May(SettingWrite)),
    ("DELETE", "/raw-texts/{vendor}",                          May(SettingWrite)),
    ("GET",    "/role-groups",                                 May(RoleRead)),
    ("POST",   "/role-groups",                                 May(RoleWrite)),
    ("PATCH",  "/role-groups/{id}",                            May(RoleWrite)),
    ("DELETE", "/role-groups/{id}",                            May(RoleWrite)),
    ("GET",    "/roles",                                       May(RoleRead)),
    ("POST",   "/roles",                                       May(RoleWrite)),
    ("GET",    "/roles/{id}",                                  May(RoleRead)),
    ("PATCH",  "/roles/{id}",                                  May(RoleWrite)),
    ("DELETE", "/roles/{id}",                                  May(RoleWrite)),
    ("GET",    "/session",                                     LoggedIn),
    ("POST",   "/session",                                     Open),
    ("DELETE", "/session",                                     LoggedIn),
    ("POST",   "/session/certificate",                         Open),
    ("GET",    "/sessions",                                    Person),
    ("DELETE", "/sessions",                                    Person),
    ("DELETE", "/sessions/{id}",                               Person),
    ("GET",    "/settings",                                    May(SettingRead)),
    ("PATCH",  "/settings",                                    May(SettingWrite)),
    ("GET",    "/setup",                                       Open),
    ("POST",   "/setup",                                       Open),
    ("GET",    "/sign-up",                                     Open),
    ("POST",   "/sign-up",                                     Open),
    ("PUT",    "/sign-up",                                     May(SignUpWrite)),
    ("GET",    "/sign-ups",                                    May(SignUpRead)),
    ("POST",   "/sign-ups/{id}/approve",                       May(SignUpWrite)),
    ("POST",   "/sign-ups/{id}/decline",                       May(SignUpWrite)),
    ("GET",    "/sip-accounts",                                May(DeviceRead)),
    ("POST",   "/sip-accounts",                                May(DeviceWrite)),
    ("GET",    "/sip-accounts/{id}",                           May(DeviceRead)),
    ("DELETE", "/sip-accounts/{id}",                           May(DeviceWrite)),
    ("PATCH",  "/sip-accounts/{id}",                           May(DeviceWrite)),
    ("GET",    "/sites",                                       May(SiteRead)),
    ("POST",   "/sites",                                       May(SiteWrite)),
    ("GET",    "/sites/{name}",                                May(SiteRead)),
    ("DELETE", "/sites/{name}",                                May(SiteDelete)),
    ("PATCH",  "/sites/{name}",                                May(SiteWrite)),
    ("POST",   "/sites/{name}/let-in",                         May(DeviceWrite)),
    ("POST",   "/switch",                                      May(AccountSwitch)),
    ("DELETE", "/switch",                                      Person),
    ("POST",   "/token/rotate",                                May(BoxWrite)),
    ("GET",    "/users",                                       May(UserRead)),
    ("POST",   "/users",                                       May(UserWrite)),
    ("GET",    "/users/{id}",                                  May(UserRead)),
    ("PATCH",  "/users/{id}",                                  May(UserWrite)),
    ("DELETE", "/users/{id}",                                  May(UserDelete)),
    ("POST",   "/users/{id}/freeze",                           May(UserWrite)),
    ("POST",   "/users/{id}/password-link",                    May(UserWrite)),
    ("DELETE", "/users/{id}/totp",                             May(UserWrite)),
    ("POST",   "/users/{id}/unfreeze",                         May(UserWrite)),
    ("GET",    "/users/profiles",                              May(UserRead)),
    ("POST",   "/users/remove",                                May(UserDelete)),
    ("POST",   "/users/reset-admin",                           Console),
    ("GET",    "/webhooks",                                    May(WebhookRead)),
    ("POST",   "/webhooks",                                    May(WebhookWrite)),
    ("PATCH",  "/webhooks/{id}",                               May(WebhookWrite)),
    ("DELETE", "/webhooks/{id}",                               May(WebhookWrite)),
    ("GET",    "/webhooks/{id}/deliveries",                    May(WebhookRead)),
    ("POST",   "/webhooks/{id}/deliveries/{delivery}/retry",   May(WebhookWrite)),
    ("POST",   "/webhooks/{id}/test",                          May(WebhookWrite)),
];

/// The row of a route. `path` is its pattern, with /api/v1.
pub fn need(method: &str, path: &str) -> Option<Need> {
    let path = path.strip_prefix("/api/v1")?;
    ROUTES.iter().find(|row| row.0 == method && row.1 == path).map(|row| row.2)
}

/// The methods that an address knows; none where there is no such address.
pub fn methods(path: &str) -> Vec<&'static str> {
    let is_of = |pattern: &str| {
        let (mut parts, mut words) = (pattern.split('/'), path.strip_prefix("/api/v1").unwrap_or_default().split('/'));
        parts
            .by_ref()
            .all(|part| words.next().is_some_and(|word| part == word || (part.starts_with('{') && !word.is_empty())))
            && words.next().is_none()
    };
    let of = |is: &dyn Fn(&str) -> bool| ROUTES.iter().filter(|row| is(row.1)).map(|row| row.0).collect::<Vec<_>>();
    // A word that stands in the table is no id.
    let exact = of(&|pattern| path.strip_prefix("/api/v1") == Some(pattern));
    if exact.is_empty() { of(&is_of) } else { exact }
}

/// What is about a whole account, so that a user who sees a part of it has no part in it.
const WHOLE: &[&str] = &[
    "/accounts",
    "/alarms",
    "/api-keys",
    "/audit",
    "/ca",
    "/certificate-profiles",
    "/certificates",
    "/channels",
    "/check-ins",
    "/devices/export",
    "/devices/import",
    "/enrollment",
    "/files",
    "/groups",
    "/invitations",
    "/key",
    "/layers",
    "/links",
    "/mail",
    "/networks",
    "/pending",
    "/role-groups",
    "/roles",
    "/sign-up",
    "/sign-ups",
    "/sip-accounts",
    "/switch",
    "/token",
    "/users",
    "/notifications",
    "/webhooks",
];

pub fn is_whole(path: &str) -> bool {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    WHOLE.iter().any(|whole| path.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Whether it opens anything to a user who is limited to a part of the account.
pub fn opens_a_part(permission: Permission) -> bool {
    ROUTES.iter().any(|row| row.2 == Need::May(permission) && !is_whole(row.1))
}

#[cfg(test)]
mod tests {
    use super::super::permissions::Reach;
    use super::*;
    use std::fmt::Write;

    #[test]
    fn every_route_is_of_a_whole_account_or_of_a_room_that_looks_at_what_its_user_sees() {
        // The lockout is the box's: everybody sees it, and the change looks at who asks.
        const LOOKING: [&str; 6] = ["/device-lockout", "/devices", "/profiles", "/raw-texts", "/settings", "/sites"];
        for (_, path, _) in ROUTES.iter().filter(|row| matches!(row.2, May(_))) {
            let looks = LOOKING.iter().any(|room| path.starts_with(room));
            assert!(looks || is_whole(path), "{path} shows a user of one site what is of the others");
        }
    }

    /// `packaging/PERMISSIONS.md`: every permission, what it brings along and what it opens.
    fn markdown() -> String {
        let mut text = "# Permissions\n\nWritten from the tables of permissions and routes. Those marked *box* count in the box's own \
                        account only.\n\n| permission | allows | brings along | opens |\n|---|---|---|---|\n"
            .to_owned();
        for permission in Permission::ALL {
            let code =
                |words: Vec<String>| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join("<br>");
            let implied = code(permission.implies().iter().map(|implied| implied.word().to_owned()).collect());
            let opened = ROUTES.iter().filter(|row| row.2 == May(*permission));
            let opened = code(opened.map(|(method, path, _)| format!("{method} {path}")).collect());
            let place = if permission.reach() == Reach::Box { " *box*" } else { "" };
            let (word, words) = (permission.word(), permission.words());
            let _ = writeln!(text, "| `{word}`{place} | {words} | {implied} | {opened} |");
        }
        text
    }

    #[test]
    fn the_committed_document_of_permissions_is_the_tables() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/PERMISSIONS.md");
        let generated = markdown();
        if std::env::var_os("PHONEBOX_WRITE").is_some() {
            std::fs::write(path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            generated == committed,
            "packaging/PERMISSIONS.md is old: PHONEBOX_WRITE=1 cargo nextest run --lib users::routes"
        );
    }
}
