//! Which parameters of a vendor's own language hold secrets. Raw text is sealed by this rule, so it errs towards secret.

use super::table::{TABLES, secret_globs};
use std::sync::LazyLock;

/// Names that smell of a secret in every vendor's language.
pub const EVERYWHERE: [&str; 14] = [
    "*password*",
    "*passwd*",
    "*passphrase*",
    "*pswd*",
    "*pwd*",
    "*_pass",
    "*.pass",
    "*pass.*",
    "*secret*",
    "*aes*key*",
    "*_psk*",
    "*wpapsk*",
    "*private_key*",
    "*token*",
];

/// Whether `name` (`account.1.password`, `user_pass.1`, `FORCE_SIP_PASSWORD`, `Account1Password`) holds a secret. For an
/// unknown vendor the general rule alone decides.
pub fn is_secret_param(vendor: &str, name: &str) -> bool {
    static GLOBS: LazyLock<Vec<(&str, Vec<String>)>> =
        LazyLock::new(|| TABLES.iter().map(|table| (table.vendor, secret_globs(table))).collect());
    let name = name.to_ascii_lowercase();
    // A Snom parameter of a line is named with its index: `user_pass.1`.
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('.');
    let hit = |glob: &str| matches(glob, &name) || matches(glob, bare);
    match GLOBS.iter().find(|(known, _)| *known == vendor) {
        Some((_, globs)) => globs.iter().any(|glob| hit(glob)),
        None => EVERYWHERE.iter().any(|glob| hit(glob)),
    }
}

/// `*` stands for any run of characters. Iterative with one step back: linear in practice, never exponential.
fn matches(glob: &str, text: &str) -> bool {
    let (glob, text) = (glob.as_bytes(), text.as_bytes());
    let (mut g, mut t, mut back) = (0, 0, None);
    while t < text.len() {
        match glob.get(g) {
            Some(b'*') => {
                back = Some((g, t));
                g += 1;
            }
            Some(byte) if text.get(t) == Some(byte) => {
                g += 1;
                t += 1;
            }
            _ => match back {
                Some((star, tried)) => {
                    g = star + 1;
                    t = tried + 1;
                    back = Some((star, tried + 1));
                }
                None => return false,
            },
        }
    }
    glob[g.min(glob.len())..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match() {
        for (glob, text) in [("*a*", "bab"), ("a*c", "abc"), ("a*", "a"), ("*", ""), ("a*b*c", "axxbxxbxc")] {
            assert!(matches(glob, text), "{glob} {text}");
        }
        for (glob, text) in [("a*c", "ab"), ("a", "ab"), ("ab", "a"), ("", "a"), ("*a", "ab")] {
            assert!(!matches(glob, text), "{glob} {text}");
        }
    }

    /// The names that issue A and the protocol notes call secret, and their neighbours that are not.
    #[test]
    fn secret_parameters_are_known() {
        let secret: [(&str, &[&str]); 4] = [
            (
                "avaya",
                &[
                    "FORCE_SIP_PASSWORD",
                    "SCEPPASSWORD",
                    "FORCE_WEB_ADMIN_PASSWORD",
                    "FORCE_HTTP_AUTH_PASSWORD",
                    "PKCS12PASSWORD",
                    "DIRPASSWORD",
                    "ADMIN_PASSWORD",
                    "PROCPSWD",
                    "WLAN_PASSWORD",
                    "FORCE_DOT1XPSWD",
                    "PHONE_LOCK_PIN",
                    "FORCE_XSI_WEB_PASSWORD",
                    "SNMPSTRING",
                    "BRURI",
                    "DEBUG_REPORT_PASSWORD",
                    "force_sip_password",
                ],
            ),
            (
                "yealink",
                &[
                    "account.1.password",
                    "account.16.password",
                    "static.auto_provision.password",
                    "static.auto_provision.server.password",
                    "static.auto_provision.aes_key_16.mac",
                    "auto_provision.aes_key_16.com",
                    "ldap.password",
                    "static.security.user_password",
                    "static.network.802_1x.md5_password",
                    "static.wifi.1.password",
                    "phone_setting.phone_lock.unlock_pin",
                    "static.scep.challenge_password",
                    "remote_phonebook.data.1.password",
                    "account.1.hoteling.pin",
                    "static.auto_provision.rsa_pri_key.url",
                    "features.xml_browser.pwd",
                ],
            ),
            (
                "snom",
                &[
                    "user_pass.1",
                    "user_pass",
                    "http_pass",
                    "admin_mode_password",
                    "admin_mode_password_confirm",
                    "http_client_pass",
                    "ldap_password",
                    "ieee8021x_eap_md5_password",
                    "webserver_admin_password",
                    "wifi_wpapsk",
                    "tftp_secret",
                    "keyboard_lock_pw",
                    "tr69_acs_passwd",
                    "user_hash.1",
                    "http_client_hash",
                ],
            ),
            (
                "ale",
                &[
                    "Account1Password",
                    "WebUserPasswd",
                    "DmAdminPasswd",
                    "DeviceSecurityAdminPwd",
                    "DeviceSecurityUserPwd",
                    "DeviceProvisionServerPassword",
                    "DeviceSecurityEncryptionAesKey",
                    "SIPGroup1AuthenticationPassword",
                    "RemotePhoneBook1AuthPwd",
                    "sip.authentication_password",
                    "appl.admin_password",
                    "telnet.telnet_password",
                ],
            ),
        ];
        for (vendor, names) in secret {
            for name in names {
                assert!(is_secret_param(vendor, name), "{vendor} {name}");
            }
        }
        for (vendor, name) in [
            ("avaya", "SIP_CONTROLLER_LIST"),
            ("avaya", "DOT1XSTAT"),
            ("avaya", "PHONEKEY"),
            ("yealink", "account.1.user_name"),
            ("yealink", "static.auto_provision.server.url"),
            ("snom", "user_name.1"),
            ("ale", "Account1UserName"),
        ] {
            assert!(!is_secret_param(vendor, name), "{vendor} {name}");
        }
        assert!(is_secret_param("grandstream", "Password") && !is_secret_param("", "P47"));
    }
}
