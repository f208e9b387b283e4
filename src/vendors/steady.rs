//! How a phone that starts every boot at the LAN-wide URL proves itself on day two.
//!
//! From `protocols/avaya.md` §1.6–1.8 and `protocols/vendors.md` §1–3. Where nothing is known to work, an
//! administrator binds the MAC to a network, or the phone keeps what it has.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SteadyProof {
    /// A URL with its token in it; discovery is switched off so that it comes back to that URL.
    Token,
    /// HTTP user name and password written into its settings.
    Credentials,
    /// None that the box can hand out: a certificate, or an administrator's word.
    Binding,
}

struct Row {
    vendor: &'static str,
    /// Empty: every dialect of the vendor.
    dialect: &'static str,
    since: &'static [u32],
    proof: SteadyProof,
    /// In words, for the support table.
    note: &'static str,
}

/// The first row that fits counts.
static ROWS: [Row; 7] = [
    Row {
        vendor: "yealink",
        dialect: "",
        since: &[],
        proof: SteadyProof::Token,
        note: "URL with its token; DHCP and PnP discovery switched off",
    },
    Row {
        vendor: "snom",
        dialect: "",
        since: &[],
        proof: SteadyProof::Token,
        note: "URL with its token in setting_server",
    },
    Row {
        vendor: "ale",
        dialect: "noe",
        since: &[],
        proof: SteadyProof::Binding,
        note: "none known for NOE: bind the MAC to a network",
    },
    Row {
        vendor: "ale",
        dialect: "",
        since: &[],
        proof: SteadyProof::Token,
        note: "URL with its token; DHCP and PnP discovery switched off",
    },
    Row {
        vendor: "avaya",
        dialect: "j100",
        since: &[4, 0, 3, 1],
        proof: SteadyProof::Credentials,
        note: "FORCE_HTTP_AUTH_USERNAME and _PASSWORD (J100 4.0.3.1 and later)",
    },
    Row {
        vendor: "avaya",
        dialect: "",
        since: &[],
        proof: SteadyProof::Binding,
        note: "none known: bind the MAC to a network",
    },
    Row { vendor: "", dialect: "", since: &[], proof: SteadyProof::Binding, note: "" },
];

fn row(vendor: &str, dialect: &str, version: Option<&str>) -> Option<&'static Row> {
    ROWS.iter().find(|row| {
        (row.vendor.is_empty() || row.vendor == vendor)
            && (row.dialect.is_empty() || row.dialect == dialect)
            && (row.since.is_empty() || version.is_none_or(|version| at_least(version, row.since)))
    })
}

/// `version` is the firmware that the phone names; unknown counts as new enough.
pub fn steady_proof(vendor: &str, dialect: &str, version: Option<&str>) -> SteadyProof {
    row(vendor, dialect, version).map_or(SteadyProof::Binding, |row| row.proof)
}

pub fn steady_proof_note(vendor: &str, dialect: &str) -> &'static str {
    row(vendor, dialect, None).map_or("", |row| row.note)
}

fn at_least(version: &str, since: &[u32]) -> bool {
    let numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    numbers.chain(std::iter::repeat(0)).take(since.len()).collect::<Vec<_>>().as_slice() >= since
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_j100_logs_in_from_4_0_3_1_on() {
        assert_eq!(steady_proof("avaya", "j100", Some("4.1.3.0.6")), SteadyProof::Credentials);
        assert_eq!(steady_proof("avaya", "j100", Some("4.0.3.1")), SteadyProof::Credentials);
        assert_eq!(steady_proof("avaya", "j100", Some("4.0.3.0.9")), SteadyProof::Binding);
        assert_eq!(steady_proof("avaya", "96x1", None), SteadyProof::Binding);
        assert_eq!(steady_proof("yealink", "", Some("96.86.0.74")), SteadyProof::Token);
    }
}
