//! The roll against the statement that it stands in for, and how it is made, kept and put away.

use super::*;
use crate::db::{Connection, Query};
use crate::devices::State;
use crate::devices::list::{Cursor, Sort, page};
use crate::users::data;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngSeed};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Accounts 1 and 2 with two sites, profiles and groups each; user 1 sees site 10 only, user 2 profile 20 only, user 3
/// both.
const HOUSE: &str = "
    INSERT INTO account (id, number, path, kind, name, created_by, created_at, updated_at)
        VALUES (2, 1, '/1/2/', 'customer', 'two', 'x', 1, 1);
    INSERT INTO profile (id, account_id, name, created_at, updated_at)
        VALUES (20, 1, 'p', 1, 1), (21, 1, 'q', 1, 1), (22, 2, 'p', 1, 1);
    INSERT INTO site (id, account_id, name, profile_id, created_at, updated_at)
        VALUES (10, 1, 's', 20, 1, 1), (11, 1, 't', 21, 1, 1), (12, 1, 'u', NULL, 1, 1), (13, 2, 's', 22, 1, 1);
    INSERT INTO device_group (id, account_id, name, created_at) VALUES (30, 1, 'g', 1), (31, 1, 'h', 1), (32, 2, 'g', 1);
    INSERT INTO role (id, account_id, group_id, name, only_sites, created_at) VALUES (40, 1, 1, 'some', 1, 1);
    INSERT INTO role_site (role_id, site_id) VALUES (40, 10), (40, 12);
    INSERT INTO users (id, account_id, login, login_key, name, email, email_key, role_id, only_profiles, created_by,
            created_at, updated_at)
        VALUES (1, 1, 'a', 'a', '', '', '', 40, 0, '', 1, 1), (2, 1, 'b', 'b', '', '', '', 2, 1, '', 1, 1),
            (3, 1, 'c', 'c', '', '', '', 40, 1, '', 1, 1);
    INSERT INTO profile_user (profile_id, user_id) VALUES (20, 2), (21, 3);";

struct Box_ {
    roll: Roll,
    runtime: tokio::runtime::Runtime,
    _dir: tempfile::TempDir,
}

fn box_() -> Box_ {
    let dir = tempfile::tempdir().unwrap();
    let roll = Roll::new(Db::open(&dir.path().join("x.db"), 1).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let house = Box_ { roll, runtime, _dir: dir };
    house.write(HOUSE.into(), true);
    house
}

impl Box_ {
    fn write(&self, sql: String, is_kept: bool) {
        let job = move |tx: &mut crate::db::Tx| {
            let written = tx.execute_batch(&sql);
            if is_kept { Ok(written?) } else { Err(crate::db::Error::Damaged("taken back".into())) }
        };
        // Some break a rule: they are taken back too.
        let _ = self.runtime.block_on(self.roll.db().write(job));
    }

    fn add(&self, mac: u64, name: &str) {
        self.write(insert(mac, 1, &[("name", Some(name))]), true);
    }

    fn names(&self, filter: &Filter) -> Vec<String> {
        let found = page(&self.roll, &always(), 1, filter, &Place { sort: Sort::Name, after: None }, 100).unwrap();
        found.into_iter().map(|device| device.name.unwrap_or_default()).collect()
    }

    fn is_made(&self) -> bool {
        self.roll.sheet.read().unwrap().is_some()
    }
}

fn always() -> Awaited {
    Awaited::when(|| true)
}

fn word(word: &Option<&str>) -> String {
    word.map_or("NULL".into(), |word| format!("'{}'", word.replace('\'', "''")))
}

fn insert(mac: u64, account: i64, words: &[(&str, Option<&str>)]) -> String {
    let columns: String = words.iter().map(|(column, _)| format!(", {column}")).collect();
    let values: String = words.iter().map(|(_, value)| format!(", {}", word(value))).collect();
    format!(
        "INSERT INTO device (account_id, mac, token_sealed, token_hash, http_password_sealed, created_at, updated_at{columns})
         VALUES ({account}, {mac}, x'', randomblob(16), x'', 1, 1{values});"
    )
}

/// Any order, any filter, in SQL alone.
fn in_sql(conn: &Connection, account_id: i64, filter: &Filter, place: &Place, rows: u32) -> Vec<(u64, Option<String>)> {
    let sql = "SELECT d.mac, d.name FROM device d WHERE d.account_id = $1".to_owned();
    let mut which = Query { sql, values: vec![&account_id] };
    let of_account = |table: &str| format!("(SELECT id FROM {table} WHERE account_id = $1 AND name = ?)");
    which.and(&format!("d.site_id = {}", of_account("site")), &filter.site);
    which.and(&format!("d.profile_id = {}", of_account("profile")), &filter.profile);
    which.and(&format!("d.group_id = {}", of_account("device_group")), &filter.group);
    which.and("lower(d.vendor) = lower(?)", &filter.vendor);
    which.and("lower(d.model) = lower(?)", &filter.model);
    which.and("d.firmware = ?", &filter.firmware);
    let state = filter.state.map(State::word);
    which.and("d.state = ?", &state);
    if filter.reset_suspected {
        which.sql.push_str(" AND d.reset_at IS NOT NULL");
    }
    if let Some(user_id) = filter.limited {
        which.sql.push_str(&format!(" AND {}", data::store::device(user_id)));
    }
    let text = filter.search.clone().unwrap_or_default();
    let like = format!("%{}%", text.replace('!', "!!").replace('%', "!%").replace('_', "!_"));
    let digits = text.replace([':', '-', '.', ' '], "").to_lowercase();
    let (first, last) = (format!("{digits}%"), format!("%{digits}"));
    let is_digits = digits.len() >= 2 && digits.chars().all(|digit| digit.is_ascii_hexdigit());
    if filter.search.is_some() {
        which.sql.push_str(" AND (FALSE");
        for column in ["name", "serial", "vendor", "model"] {
            which.put(&format!(" OR d.{column} LIKE ? ESCAPE '!'"), &like);
        }
        if is_digits {
            which.put(" OR printf('%012x', d.mac) LIKE ?", &first);
            which.put(" OR printf('%012x', d.mac) LIKE ?", &last);
        }
        which.sql.push(')');
    }
    let (past, down) = if place.sort.is_down() { ("<", " DESC") } else { (">", "") };
    let key = if place.sort.is_by_name() { "lower(coalesce(d.name, ''))" } else { "''" };
    let after = place.after.as_ref().map(|after| (after.mac.to_u64() as i64, &after.name));
    if let Some((mac, name)) = &after {
        which.put(&format!(" AND ({key} {past} ?"), *name);
        which.put(&format!(" OR {key} = ?"), *name);
        which.put(&format!(" AND d.mac {past} ?)"), mac);
    }
    which.put(&format!(" ORDER BY {key}{down}, d.mac{down} LIMIT ?"), &rows);
    let mut statement = conn.prepare(&which.sql).unwrap();
    let rows = statement.query_map(which.values.as_slice(), |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect::<Vec<_>>()
}

/// Pieces that meet in names, searches and MACs: letters beyond ASCII, signs of LIKE, digits.
const PIECES: [&str; 14] = ["a", "A", "b", "Ä", "ä", "%", "_", "!", " ", "'", "0", "c0", "80", "\u{10ffff}"];
const VENDORS: [&str; 4] = ["Yealink", "snom", "Äve", ""];
const MODELS: [&str; 3] = ["T54W", "t54w", "D785"];
const FIRMWARES: [&str; 4] = ["1", "2a", "2A", ""];

fn text(most: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(select(&PIECES[..]), 1..=most).prop_map(|pieces| pieces.concat())
}

fn mac() -> impl Strategy<Value = u64> {
    (0u64..12).prop_map(|number| 0x805e_c080_8000 + number * 0x11)
}

fn maybe(words: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    proptest::option::of(select(words).prop_map(str::to_owned))
}

/// Some change, as SQL, and whether it is kept.
fn change() -> impl Strategy<Value = (String, bool)> {
    let words = (maybe(&VENDORS), maybe(&MODELS), maybe(&FIRMWARES), proptest::option::of(text(4)), text(4));
    let at =
        (select(&["NULL", "10", "11", "12"][..]), select(&["NULL", "20", "21"][..]), select(&["NULL", "30", "31"][..]));
    let states = select(&["known", "active", "blocked"][..]);
    let whose = select(&[1i64, 1, 1, 2][..]);
    let one = (mac(), words, at, states, whose, 0..16, any::<bool>());
    one.prop_map(|(mac, words, at, state, account, what, is_reset)| {
        let (vendor, model, firmware, name, serial) = words;
        let all = [
            ("vendor", vendor.as_deref()),
            ("model", model.as_deref()),
            ("firmware", firmware.as_deref()),
            ("name", name.as_deref()),
            ("serial", Some(serial.as_str())),
            ("state", Some(state)),
        ];
        let set = |column: usize| {
            format!("UPDATE device SET {} = {} WHERE mac = {mac};", all[column].0, word(&all[column].1))
        };
        let (site, profile, group) = if account == 1 { at } else { ("13", "22", "32") };
        let sql = match what {
            0..6 => {
                insert(mac, account, &all)
                    + &format!(
                        "UPDATE device SET site_id = {site}, profile_id = {profile}, group_id = {group},
                    reset_at = {} WHERE mac = {mac};",
                        if is_reset { "1" } else { "NULL" }
                    )
            }
            6..12 => set(what as usize - 6),
            12 => format!("DELETE FROM device WHERE mac = {mac};"),
            13 => "DELETE FROM device WHERE id = (SELECT max(id) FROM device);".to_owned(),
            14 => format!(
                "UPDATE device SET account_id = {account}, site_id = NULL, profile_id = NULL, group_id = NULL
                WHERE mac = {mac};"
            ),
            _ => format!("UPDATE device SET site_id = NULL WHERE site_id = {site};"),
        };
        (sql, what % 7 != 5 || is_reset)
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    let places = (maybe(&["s", "t", "x"]), maybe(&["p", "q"]), maybe(&["g", "h"]));
    let words = (maybe(&["YEALINK", "Snom", "äve"]), maybe(&["t54W", "d785"]), maybe(&FIRMWARES));
    let state = proptest::option::of(select(&[State::Known, State::Active, State::Blocked][..]));
    let search = proptest::option::weighted(
        0.3,
        prop_oneof![text(2), select(&["ealink", "54", "8:0", "805ec0808000", "5e"][..]).prop_map(str::to_owned)],
    );
    // Most lists are asked for one thing or two.
    let kept = proptest::collection::vec(proptest::bool::weighted(0.12), 8);
    (places, words, state, search, proptest::option::weighted(0.2, 1i64..4), kept).prop_map(
        |((site, profile, group), (vendor, model, firmware), state, search, limited, kept)| Filter {
            site: site.filter(|_| kept[0]),
            profile: profile.filter(|_| kept[1]),
            group: group.filter(|_| kept[2]),
            vendor: vendor.filter(|_| kept[3]),
            model: model.filter(|_| kept[4]),
            firmware: firmware.filter(|_| kept[5]),
            state: state.filter(|_| kept[6]),
            reset_suspected: kept[7],
            search,
            limited,
        },
    )
}

fn asked() -> impl Strategy<Value = (i64, Filter, Sort, Option<(u64, String)>, u32, Index)> {
    let sorts = select(&[Sort::Mac, Sort::MacDown, Sort::Name, Sort::NameDown][..]);
    let after = proptest::option::of((mac(), text(3)));
    (select(&[1, 1, 1, 2][..]), filter(), sorts, after, 1u32..7, any::<Index>())
}

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, rng_seed: RngSeed::Fixed(72), ..Config::default() })]

    /// Whatever happens to devices, whatever is asked for, page after page: what SQL would have said.
    #[test]
    fn a_page_is_what_sql_would_have_said(
        rounds in proptest::collection::vec(
            (proptest::collection::vec(change(), 0..16), proptest::collection::vec(asked(), 1..8)), 1..6),
    ) {
        let house = box_();
        for (changes, lists) in rounds {
            changes.into_iter().for_each(|(sql, is_kept)| house.write(sql, is_kept));
            for (account, filter, sort, after, rows, _) in lists {
                let after = after.map(|(mac, name)| sort.at(crate::net::Mac::from_u64(mac).unwrap(), &name));
                let mut place = Place { sort, after };
                for _ in 0..10 {
                    let expected = house.roll.db().read(|conn| Ok::<_, crate::db::Error>(in_sql(conn, account, &filter, &place, rows)));
                    let found = page(&house.roll, &always(), account, &filter, &place, rows).unwrap();
                    let cursor: Option<Cursor> = found.last().map(|device| sort.cursor(device));
                    let found: Vec<_> = found.into_iter().map(|device| (device.mac.to_u64(), device.name)).collect();
                    prop_assert_eq!(found, expected.unwrap(), "{:?} of {} at {:?}", filter, account, place);
                    if cursor.is_none() { break; }
                    place.after = cursor;
                }
                let counted = house.roll.counts(&always(), account, filter.limited).unwrap();
                let mut alike = BTreeMap::new();
                for one in house.roll.kinds(&always(), account, filter.limited).unwrap() {
                    alike.insert((one.vendor, one.model, one.firmware, one.state.word()), one.count);
                }
                let seen = filter.limited.map_or("TRUE".to_owned(), data::store::device);
                let (expected, resets) = house.roll.db().read(|conn| {
                    let sql = format!("SELECT d.vendor, d.model, d.firmware, d.state, count(*), count(d.reset_at) FROM device d
                        WHERE d.account_id = {account} AND {seen} GROUP BY 1, 2, 3, 4");
                    let mut statement = conn.prepare(&sql)?;
                    let mut rows = statement.query([])?;
                    let (mut counts, mut resets) = (BTreeMap::new(), 0);
                    while let Some(row) = rows.next()? {
                        let state: String = row.get(3)?;
                        counts.insert((row.get(0)?, row.get(1)?, row.get(2)?, State::of_word(&state).word()), row.get(4)?);
                        resets += row.get::<_, i64>(5)?;
                    }
                    Ok::<_, crate::db::Error>((counts, resets))
                }).unwrap();
                prop_assert_eq!(counted.known + counted.active + counted.blocked, alike.values().sum::<i64>());
                prop_assert_eq!((alike, counted.reset_suspected), (expected, resets));
            }
        }
    }
}

#[test]
fn it_is_made_once_kept_current_and_put_away() {
    let house = box_();
    let all = Filter::default();
    house.add(0x805e_c000_0001, "b");
    assert!(!house.is_made());
    assert_eq!(house.names(&all), ["b"]);
    let at = clock::now();
    house.add(0x805e_c000_0002, "A");
    house.write("UPDATE device SET name = 'c' WHERE name = 'b'".into(), true);
    house.write("UPDATE device SET name = 'x'".into(), false);
    assert_eq!(house.names(&all), ["A", "c"]);
    house.roll.rest(at);
    assert!(house.is_made());
    house.roll.rest(clock::now() + IDLE_MS);
    assert!(!house.is_made());
    // What happened meanwhile is in the next one.
    house.write("DELETE FROM device WHERE name = 'c'".into(), true);
    assert!(house.roll.db().changes().rows().is_quiet(), "nobody remembers what nobody asks for");
    assert_eq!(house.names(&all), ["A"]);
}

/// Much at once, and one device again and again: it is made anew before it is more of the past than of the present.
#[test]
fn what_is_worn_is_made_anew() {
    let house = box_();
    house.add(0x805e_c000_0001, "first");
    let many = |from: u64, count: u64| {
        let row = insert(0, 1, &[("name", Some("many"))]).replace("VALUES (1, 0,", &format!("SELECT 1, {from} + n.i,"));
        let row = row.replace("'many');", "'many' || n.i FROM n;");
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) {row}")
    };
    assert_eq!(house.names(&Filter::default()).len(), 1);
    house.write(many(0x805e_c100_0000, 1_000), true);
    let found = |search: &str| house.names(&Filter { search: Some(search.into()), ..Filter::default() });
    assert_eq!(found("many1000"), ["many1000"]);
    for round in 0..4 {
        house.write(format!("UPDATE device SET name = name || 'x{round}' WHERE name LIKE 'many%'"), true);
        assert_eq!(found(&format!("many7x0{}", "")).len(), 1);
        let kept = house.roll.sheet.read().unwrap();
        let sheet = kept.as_ref().unwrap();
        assert!(sheet.entries.len() <= 3_300, "{}", sheet.entries.len());
    }
    // More than is told of one by one.
    house.write(many(0x805e_c200_0000, 70_000), true);
    assert_eq!(found("many70000"), ["many70000"]);
    house.write("DELETE FROM device".into(), true);
    assert!(house.names(&Filter::default()).is_empty());
}

#[test]
fn nobody_waits_and_nothing_is_found() {
    let house = box_();
    house.add(0x805e_c000_0001, "b");
    let gone = Arc::new(AtomicBool::new(false));
    let is_gone = gone.clone();
    let awaited = Awaited::when(move || !is_gone.load(Ordering::Relaxed));
    let list = || page(&house.roll, &awaited, 1, &Filter::default(), &Place::default(), 10);
    assert_eq!(list().unwrap().len(), 1);
    gone.store(true, Ordering::Relaxed);
    assert!(list().unwrap_err().is_interrupted());
    // Gone while all are looked through.
    (2..9).for_each(|number| house.add(0x805e_c000_0000 + number, "b"));
    let filter = Filter { search: Some("nothing".into()), ..Filter::default() };
    let find = |looks: usize| {
        let left = std::sync::atomic::AtomicUsize::new(looks);
        let awaited = Awaited::when(move || {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
        });
        house.roll.find(&awaited, 1, &filter, &Place::default(), 10).map(|found| found.len())
    };
    assert_eq!(find(100).unwrap(), 0);
    assert!(find(1).unwrap_err().is_interrupted());
}

/// Many ask while it is made, and while devices change: each hears of what was there when it asked.
#[test]
fn many_ask_at_once() {
    let house = box_();
    for number in 0..40 {
        house.add(0x805e_c000_0000 + number, "x");
    }
    let count = || page(&house.roll, &always(), 1, &Filter::default(), &Place::default(), 500).unwrap().len();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| assert!(count() >= 40)));
        }
        for number in 40..80 {
            house.add(0x805e_c000_0000 + number, "x");
            assert_eq!(count() as u64, number + 1, "whoever wrote it sees it");
        }
    });
}

/// Should the roll ever be wrong: no row is shown to whom it is not, and none where it no longer stands.
#[test]
fn threat_090_what_is_shown_is_asked_of_the_database_again() {
    use crate::devices::list::store::one_of;
    let house = box_();
    house.add(0x805e_c000_0001, "b");
    house.write("UPDATE device SET site_id = 11".into(), true);
    let shown = |account: i64, limited: Option<i64>| {
        house.roll.db().read(|conn| one_of(conn, account, limited, 1)).unwrap().is_some()
    };
    assert!(shown(1, None) && !shown(2, None));
    assert!(!shown(1, Some(1)) && !shown(1, Some(2)) && !shown(1, Some(3)));
    house.write("UPDATE device SET site_id = 12, profile_id = 20".into(), true);
    assert!(shown(1, Some(1)) && shown(1, Some(2)) && !shown(1, Some(3)));
    // A roll that has not heard of anything.
    assert_eq!(house.names(&Filter::default()), ["b"]);
    house.roll.db().changes().rows().leave();
    house.add(0x805e_c000_0002, "a");
    house.write("UPDATE device SET account_id = 2, site_id = NULL, profile_id = NULL WHERE name = 'b'".into(), true);
    assert_eq!(house.names(&Filter::default()), [""; 0]);
    house.write("UPDATE device SET account_id = 1, name = 'z' WHERE name = 'b'".into(), true);
    assert_eq!(house.names(&Filter::default()), [""; 0]);
}
