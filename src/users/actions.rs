//! What the audit log calls each change of the API: the one table from which one that is refused or fails gets the word
//! that the change itself is written with (ALE-076).

use crate::net::Mac;
use crate::web::json::Named;

/// (method, path below /api/v1, the log's word, on what), in the order of the paths. On what: parameters of the path, or
/// fields of the body, the first that is said. Nothing: the path says it.
#[rustfmt::skip]
pub const ACTIONS: &[(&str, &str, &str, &str)] = &[
    ("POST",   "/accounts",                                        "account.add",             "name"),
    ("PATCH",  "/accounts/{id}",                                   "account.set",             "{id}"),
    ("DELETE", "/accounts/{id}",                                   "account.remove",          "{id}"),
    ("POST",   "/accounts/{id}/devices",                           "device.hand-down",        "{id}"),
    ("POST",   "/accounts/{id}/devices/take-back",                 "device.take-back",        "{id}"),
    ("POST",   "/accounts/{id}/disable",                           "account.disable",         "{id}"),
    ("POST",   "/accounts/{id}/enable",                            "account.enable",          "{id}"),
    ("PUT",    "/accounts/{id}/firmware",                          "firmware.choose",         "{id}"),
    ("POST",   "/accounts/{id}/site-profiles",                     "site.set",                "{id}"),
    ("POST",   "/accounts/{id}/sites",                             "site.add",                "name"),
    ("PUT",    "/accounts/{id}/sites/{name}",                      "site.set",                "{name}"),
    ("DELETE", "/accounts/{id}/sites/{name}",                      "site.remove",             "{name}"),
    ("PUT",    "/accounts/{id}/sites/{name}/archive",              "site-archive.set",        "{name}"),
    ("DELETE", "/accounts/{id}/sites/{name}/archive",              "site-archive.remove",     "{name}"),
    ("PUT",    "/accounts/{id}/sites/{name}/firmware",             "firmware.choose",         "{name}"),
    ("POST",   "/alarms/read",                                     "alarm.read",              ""),
    ("POST",   "/alarms/{id}/close",                               "alarm.close",             "{id}"),
    ("POST",   "/api-keys",                                        "api-key.add",             "name"),
    ("PATCH",  "/api-keys/{id}",                                   "api-key.set",             "{id}"),
    ("DELETE", "/api-keys/{id}",                                   "api-key.remove",          "{id}"),
    ("POST",   "/api-keys/{id}/reset",                             "api-key.reset",           "{id}"),
    ("POST",   "/ca/clock",                                        "ca.clock",                ""),
    ("PUT",    "/ca/device-cas/{name}",                            "device-ca.set",           "{name}"),
    ("DELETE", "/ca/device-cas/{name}",                            "device-ca.remove",        "{name}"),
    ("POST",   "/ca/import",                                       "ca.import",               ""),
    ("POST",   "/ca/request",                                      "ca.request",              ""),
    ("POST",   "/ca/rollover/cancel",                              "ca.rollover-cancel",      ""),
    ("POST",   "/ca/rollover/finish",                              "ca.rollover-finish",      ""),
    ("POST",   "/ca/rollover/start",                               "ca.rollover-start",       ""),
    ("POST",   "/ca/rollover/switch",                              "ca.rollover-switch",      ""),
    ("POST",   "/ca/root/export",                                  "ca.root-export",          ""),
    ("POST",   "/ca/root/offline",                                 "ca.root-offline",         ""),
    ("POST",   "/ca/root/online",                                  "ca.root-online",          ""),
    ("PUT",    "/ca/server",                                       "ca.server-install",       ""),
    ("DELETE", "/ca/server",                                       "ca.server-remove",        ""),
    ("POST",   "/certificate-profiles",                            "certificate-profile.add", "name"),
    ("PATCH",  "/certificate-profiles/{name}",                     "certificate-profile.set", "{name}"),
    ("POST",   "/certificates",                                    "certificate.issue",       "mac"),
    ("POST",   "/certificates/revoke-all",                         "certificate.revoke",      ""),
    ("POST",   "/certificates/{serial}/revoke",                    "certificate.revoke",      "{serial}"),
    ("POST",   "/channels",                                        "channel.offer",           ""),
    ("DELETE", "/channels/{id}",                                   "channel.remove",          "{id}"),
    ("POST",   "/channels/{id}/accept",                            "channel.accept",          "{id}"),
    ("POST",   "/channels/{id}/decline",                           "channel.decline",         "{id}"),
    ("PUT",    "/device-lockout",                                  "device-lockout.set",      ""),
    ("POST",   "/devices",                                         "device.add",              "mac"),
    ("POST",   "/devices/import",                                  "device.import",           ""),
    ("DELETE", "/devices/{mac}",                                   "device.remove",           "{mac}"),
    ("PATCH",  "/devices/{mac}",                                   "device.set",              "{mac}"),
    ("POST",   "/devices/{mac}/activate",                          "device.activate",         "{mac}"),
    ("POST",   "/devices/{mac}/bindings",                          "device.bind",             "{mac}"),
    ("DELETE", "/devices/{mac}/bindings/{address}/{prefix}",       "device.unbind",           "{mac}"),
    ("POST",   "/devices/{mac}/certificate-file",                  "certificate.issue",       "{mac}"),
    ("POST",   "/devices/{mac}/challenge",                         "enrollment.challenge",    "{mac}"),
    ("POST",   "/devices/{mac}/deactivate",                        "device.deactivate",       "{mac}"),
    ("POST",   "/devices/{mac}/let-in",                            "device.let-in",           "{mac}"),
    ("DELETE", "/devices/{mac}/lines/{number}",                    "line.remove",             "{mac}"),
    ("PATCH",  "/devices/{mac}/lines/{number}",                    "line.set",                "{mac}"),
    ("POST",   "/enrollment/requests/{id}/approve",                "enrollment.approve",      "{id}"),
    ("POST",   "/enrollment/requests/{id}/decline",                "enrollment.decline",      "{id}"),
    ("PUT",    "/files/{name}",                                    "file.add",                "{name}"),
    ("DELETE", "/files/{name}",                                    "file.remove",             "{name}"),
    ("POST",   "/groups",                                          "group.add",               "name"),
    ("DELETE", "/groups/{name}",                                   "group.remove",            "{name}"),
    ("PATCH",  "/groups/{name}",                                   "group.rename",            "{name}"),
    ("POST",   "/invitations",                                     "channel.invite",          "email"),
    ("DELETE", "/invitations/{id}",                                "channel.invite-back",     "{id}"),
    ("POST",   "/invitations/accept",                              "channel.accept",          ""),
    ("POST",   "/key/rotate",                                      "key.rotate",              ""),
    ("POST",   "/links",                                           "link.ask",                ""),
    ("DELETE", "/links/{id}",                                      "link.remove",             "{id}"),
    ("POST",   "/links/{id}/approve",                              "link.linked",             "{id}"),
    ("POST",   "/links/{id}/decline",                              "link.declined",           "{id}"),
    ("PUT",    "/mail",                                            "mail.set",                ""),
    ("DELETE", "/mail",                                            "mail.remove",             ""),
    ("DELETE", "/mail/queue/{id}",                                 "mail.give-up",            "{id}"),
    ("POST",   "/mail/queue/{id}/retry",                           "mail.retry",              "{id}"),
    ("POST",   "/mail/test",                                       "mail.test",               ""),
    ("PATCH",  "/me",                                              "user.set",                ""),
    ("PUT",    "/me/password",                                     "password.set",            ""),
    ("POST",   "/me/totp",                                         "totp.set",                ""),
    ("PUT",    "/me/totp",                                         "totp.set",                ""),
    ("DELETE", "/me/totp",                                         "totp.remove",             ""),
    ("PUT",    "/networks/{address}/{prefix}",                     "network.set",             "{address}/{prefix}"),
    ("DELETE", "/networks/{address}/{prefix}",                     "network.remove",          "{address}/{prefix}"),
    ("PUT",    "/notifications",                                   "notification.set",        ""),
    ("POST",   "/password/forgotten",                              "password.forgotten",      "login"),
    ("POST",   "/password/reset",                                  "password.reset",          ""),
    ("DELETE", "/pending/{mac}",                                   "pending.remove",          "{mac}"),
    ("POST",   "/profiles",                                        "profile.add",             "name"),
    ("DELETE", "/profiles/{name}",                                 "profile.remove",          "{name}"),
    ("PATCH",  "/profiles/{name}",                                 "profile.set",             "{name}"),
    ("POST",   "/profiles/{name}/targets",                         "profile.target.add",      "{name}"),
    ("DELETE", "/profiles/{name}/targets/{position}",              "profile.target.remove",   "{name}"),
    ("PATCH",  "/profiles/{name}/targets/{position}",              "profile.target.set",      "{name}"),
    ("PUT",    "/raw-texts/{vendor}",                              "raw-text.set",            "{vendor}"),
    ("DELETE", "/raw-texts/{vendor}",                              "raw-text.remove",         "{vendor}"),
    ("POST",   "/role-groups",                                     "role-group.add",          "name"),
    ("PATCH",  "/role-groups/{id}",                                "role-group.set",          "{id}"),
    ("DELETE", "/role-groups/{id}",                                "role-group.remove",       "{id}"),
    ("POST",   "/roles",                                           "role.add",                "name"),
    ("PATCH",  "/roles/{id}",                                      "role.set",                "{id}"),
    ("DELETE", "/roles/{id}",                                      "role.remove",             "{id}"),
    ("POST",   "/session",                                         "session.begin",           "login"),
    ("DELETE", "/session",                                         "session.end",             ""),
    ("POST",   "/session/certificate",                             "session.begin",           ""),
    ("DELETE", "/sessions",                                        "session.end-all",         ""),
    ("DELETE", "/sessions/{id}",                                   "session.end",             "{id}"),
    ("PATCH",  "/settings",                                        "layer.set",               ""),
    ("POST",   "/setup",                                           "setup",                   ""),
    ("POST",   "/sign-up",                                         "sign-up.ask",             "email"),
    ("PUT",    "/sign-up",                                         "sign-up.set",             ""),
    ("POST",   "/sign-ups/{id}/approve",                           "sign-up.approve",         "{id}"),
    ("POST",   "/sign-ups/{id}/decline",                           "sign-up.decline",         "{id}"),
    ("POST",   "/sip-accounts",                                    "sip-account.add",         ""),
    ("DELETE", "/sip-accounts/{id}",                               "sip-account.remove",      "{id}"),
    ("PATCH",  "/sip-accounts/{id}",                               "sip-account.set",         "{id}"),
    ("POST",   "/sites",                                           "site.add",                "name"),
    ("DELETE", "/sites/{name}",                                    "site.remove",             "{name}"),
    ("PATCH",  "/sites/{name}",                                    "site.set",                "{name}"),
    ("POST",   "/sites/{name}/let-in",                             "site.let-in",             "{name}"),
    ("POST",   "/switch",                                          "switch.enter",            ""),
    ("DELETE", "/switch",                                          "switch.leave",            ""),
    ("POST",   "/token/rotate",                                    "token.rotate",            ""),
    ("POST",   "/users",                                           "user.add",                "login email"),
    ("PATCH",  "/users/{id}",                                      "user.set",                "{id}"),
    ("DELETE", "/users/{id}",                                      "user.remove",             "{id}"),
    ("POST",   "/users/{id}/freeze",                               "user.freeze",             "{id}"),
    ("POST",   "/users/{id}/password-link",                        "user.password-link",      "{id}"),
    ("DELETE", "/users/{id}/totp",                                 "totp.remove",             "{id}"),
    ("POST",   "/users/{id}/unfreeze",                             "user.unfreeze",           "{id}"),
    ("POST",   "/users/remove",                                    "user.remove",             ""),
    ("POST",   "/users/reset-admin",                               "user.rescue",             "login"),
    ("POST",   "/webhooks",                                        "webhook.add",             ""),
    ("PATCH",  "/webhooks/{id}",                                   "webhook.set",             "{id}"),
    ("DELETE", "/webhooks/{id}",                                   "webhook.remove",          "{id}"),
    ("POST",   "/webhooks/{id}/deliveries/{delivery}/retry",       "webhook.retry",           "{id}"),
    ("POST",   "/webhooks/{id}/test",                              "webhook.test",            "{id}"),
];

/// A change, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub action: &'static str,
    /// None: it is not known on what.
    pub object: Option<String>,
}

/// `path` is the pattern of a route, with /api/v1; `parameter` what stands in the place of one of its parameters.
pub fn change<'a>(
    method: &str,
    path: &str,
    parameter: impl Fn(&str) -> Option<&'a str>,
    named: Option<&Named>,
) -> Option<Change> {
    let path = path.strip_prefix("/api/v1")?;
    let (.., action, on) = *ACTIONS.iter().find(|row| row.0 == method && row.1 == path)?;
    let object = match on.contains('{') {
        true => on.split('/').map(|part| parameter(part.trim_matches(['{', '}']))).collect::<Option<Vec<_>>>(),
        false => on.split(' ').find_map(|field| named?.get(field)).map(|word| vec![word]),
    };
    let object = object.map(|words| words.join("/"));
    // In the log's one notation.
    let is_mac = on.contains("mac");
    let mac = |text: &str| text.parse().ok().filter(|_| is_mac).map(|mac: Mac| mac.to_string());
    Some(Change { action, object: object.map(|text| mac(&text).unwrap_or(text)) })
}

#[cfg(test)]
mod tests {
    use super::super::routes::ROUTES;
    use super::*;

    #[test]
    fn every_route_that_changes_something_has_its_word_and_no_other_has() {
        let unsafe_ones = ROUTES.iter().filter(|row| row.0 != "GET").map(|row| (row.0, row.1));
        let mut wanted: Vec<_> = unsafe_ones.collect();
        let mut told: Vec<_> = ACTIONS.iter().map(|row| (row.0, row.1)).collect();
        wanted.sort_unstable();
        told.sort_unstable();
        assert_eq!(told, wanted);
        for (_, path, action, on) in ACTIONS {
            assert!(action.contains('.') || *action == "setup", "{action}");
            let known = |part: &str| path.contains(part) || Named::FIELDS.contains(&part);
            assert!(on.is_empty() || on.split(['/', ' ']).all(known), "{path}: {on}");
        }
    }

    #[test]
    fn a_mac_is_written_in_one_notation() {
        let of = |method, path| change(method, path, |_| Some("80-5E-C0-AA-BB-01"), None);
        let device = of("PATCH", "/api/v1/devices/{mac}").unwrap();
        assert_eq!((device.action, device.object.as_deref()), ("device.set", Some("805ec0aabb01")));
        assert_eq!(of("PATCH", "/api/v1/sites/{name}").unwrap().object.as_deref(), Some("80-5E-C0-AA-BB-01"));
        assert_eq!(of("POST", "/api/v1/devices").unwrap().object, None);
        assert_eq!(of("PATCH", "/api/v1/devices"), None);
    }
}
