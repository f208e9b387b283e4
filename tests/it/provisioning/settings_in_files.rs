//! What people set arrives in phones: every layer in its order, hostile values whole or not at all, firmware, raw text,
//! uploads. Each file is read by the phone's own reader.

use crate::support::phone::{PASSWORD, Phone, account, add, mac, own_account, phone};
use crate::support::raw;
use crate::support::server::Phonebox;

/// A phone of each dialect and its display name's parameter.
const PHONES: [(&str, &str); 6] = [
    ("T54W", "account.1.display_name"),
    ("D785", "user_realname.1"),
    ("M3", "Account1DisplayName"),
    ("8028s", "SIPGroup1DisplayName"),
    ("J179", "DISPLAY_NAME"),
    ("9608", "DISPLAY_NAME"),
];

fn settled(phonebox: &Phonebox, model: &str, more: &[&str]) -> Phone {
    let line = format!("user=201,password={},name=Desk", phonebox.secret(PASSWORD));
    let words = ["device", "add", mac(model), "--model", model, "--line", "1", &line];
    phonebox.cli(&[&words, more, &["--activate"]].concat());
    let mut phone = phone(model);
    phone.boot(Some(&phonebox.url(false)));
    assert_eq!(account(&phone), own_account(), "{model}");
    phone
}

/// YMC-045, YMC-120: what is set globally, for the model and for the device is taken at the phone's next request, without a push.
/// YMC-102, YMC-118: the model's and the device's own also at its first connection.
#[test]
fn a_stronger_layer_wins_for_every_vendor_and_explain_names_it() {
    let phonebox = Phonebox::start();
    phonebox.cli(&["group", "add", "lobby"]);
    for (model, _) in PHONES {
        let mut phone = settled(&phonebox, model, &["--group", "lobby"]);
        let vendor = phonebox.explain(mac(model))["vendor"].as_str().unwrap().to_lowercase();
        let of_model = format!("{vendor}/{model}");
        let layers: [(&str, &[&str]); 7] = [
            ("global", &["--global"]),
            ("site", &["--site", "default"]),
            ("profile", &["--profile", "default"]),
            ("model", &["--model", &of_model]),
            ("group", &["--group", "lobby"]),
            ("device", &["--device", mac(model)]),
            ("line", &["--device", mac(model), "--line", "1"]),
        ];
        for (layer, place) in layers {
            let set = format!("sip.server={layer}.example");
            phonebox.cli(&[&["layer", "set"], place, &[&set]].concat());
            phone.boot(Some(&phonebox.url(false)));
            let server = phone.account().unwrap().server;
            assert!(server.starts_with(&format!("{layer}.example")), "{model}: {server} for {layer}");
            let files = phonebox.explain(mac(model))["files"].clone();
            let lines = files.as_array().unwrap().iter().flat_map(|file| file["lines"].as_array().unwrap());
            let mut of_server = lines
                .filter(|line| line["setting"] == "sip.server" && line["value"].as_str().unwrap().contains(".example"));
            let line = of_server.next().unwrap_or_else(|| panic!("{model} {files}"));
            assert_eq!((&line["layer"], &line["author"]), (&layer.into(), &"console".into()), "{model}");
            assert!(line["at"].as_i64().unwrap() > 0);
        }
        // Taken away again, the layer below counts.
        phonebox.cli(&["layer", "unset", "--device", mac(model), "--line", "1", "sip.server"]);
        phone.boot(Some(&phonebox.url(false)));
        assert!(phone.account().unwrap().server.starts_with("device.example"), "{model}");
        for place in layers.iter().take(5).rev() {
            phonebox.cli(&[&["layer", "unset"], place.1, &["sip.server"]].concat());
        }
    }
    let of_model = ["layer", "set", "--model", "yealink/T46S", "sip.server=model.example", "time.ntp=model.example"];
    phonebox.cli(&of_model);
    let first = settled(&phonebox, "T46S", &["--set", "sip.server=own.example"]);
    assert_eq!(first.value("local_time.ntp_server1"), Some("model.example"));
    assert!(first.account().unwrap().server.starts_with("own.example"), "{:?}", first.account());
}

/// T72: a value cannot add a line or an element. It arrives whole, or `explain` says that the format cannot say it.
#[test]
fn threat_072_a_hostile_display_name_arrives_whole_or_not_at_all() {
    let values = [
        "Jörg & Söhne <b>\"x\"</b> ]]> &amp; &#10;",
        "a\nSET FORCE_SIP_PASSWORD x\naccount.1.password = x",
        "%NULL%",
        "$MACADDR #1 ; // ' ` \\",
        "=1+2 @x |y",
        "\u{1F600}\u{10FFFF}\u{202e}",
        "tab\there",
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>&e;",
    ];
    let phonebox = Phonebox::start();
    for (model, param) in PHONES {
        let mut phone = settled(&phonebox, model, &["--set", "sip.server=pbx.example"]);
        let names: Vec<String> = phone.values().keys().cloned().collect();
        for value in values {
            let set =
                phonebox.try_cli(&["device", "line", mac(model), "1", &format!("name={}", phonebox.secret(value))]);
            if set.code != 0 {
                assert!(set.err.contains("display_name"), "{value:?}: {}", set.err);
                continue;
            }
            let boot = phone.boot(Some(&phonebox.url(false)));
            assert_eq!(account(&phone), own_account(), "{model} {value:?} {:?}", boot.lines());
            let now: Vec<String> = phone.values().keys().filter(|name| *name != param).cloned().collect();
            let then: Vec<String> = names.iter().filter(|name| *name != param).cloned().collect();
            assert_eq!(now, then, "{model} {value:?} must not add or take a parameter");
            if phone.value(param) != Some(value) {
                let file = format!("{}", phonebox.explain(mac(model)));
                let preview = phonebox.try_cli(&["preview", mac(model), &own_file(model)]);
                let said = file + &preview.out + &preview.err;
                assert!(
                    said.contains("line.display_name: ") || said.contains("removed") || value == "%NULL%",
                    "{model} {value:?} became {:?} and nobody says so\n{said}",
                    phone.value(param)
                );
            }
        }
    }
}

fn own_file(model: &str) -> String {
    match model {
        "T54W" => format!("{}.cfg", mac(model)),
        "D785" => format!("{}.xml", mac(model)),
        "M3" | "8028s" => format!("config.{}.xml", mac(model)),
        _ => format!("{}.txt", mac(model)),
    }
}

/// YMC-040: a Yealink is told by `static.firmware.url`, and fetches it before its own file.
/// AVA-091: who has the chosen version fetches none and goes on to its settings. AVA-298: after the upgrade it asks anew, as
/// what it is now, and is served.
#[test]
fn firmware_is_fetched_when_a_layer_chooses_it_and_only_then() {
    let phonebox = Phonebox::start();
    let bytes = "firmware".repeat(20_000);
    let file = phonebox.file(&bytes);
    let cases = [
        ("T54W", "yealink/T54W", "T54W-96.86.0.200.rom"),
        ("D785", "snom/D785", "snomD785-10.1.198.19-SIP-r.bin"),
        ("J179", "avaya/J179", "FW_S_J179_R4_1_4_0_5.bin"),
    ];
    for (model, of_model, name) in cases {
        phonebox.cli(&["file", "add", file.to_str().unwrap(), "--name", name, "--kind", "firmware"]);
        let mut phone = settled(&phonebox, model, &[]);
        assert!(phone.boot(Some(&phonebox.url(false))).firmware.is_none(), "none by default");
        phonebox.cli(&["layer", "set", "--model", of_model, &format!("firmware.file={name}")]);
        let boot = phone.boot(Some(&phonebox.url(false)));
        let asked = boot.asked(name).unwrap_or_else(|| panic!("{model} {:?}", boot.lines()));
        assert_eq!((asked.status, asked.digest.as_str()), (200, phonebox::phone::md5(&bytes).as_str()));
        assert!(boot.firmware.is_some());
        let unsaid = phonebox.explain(mac(model))["files"].to_string();
        assert!(!unsaid.contains("firmware.file: ") && !unsaid.contains("firmware.url: "), "{model}: {unsaid}");
        if model == "T54W" {
            assert!(phone.value("static.firmware.url").is_some_and(|url| url.ends_with(name)));
        }
        // It has it now.
        let again = phone.boot(Some(&phonebox.url(false)));
        assert!(again.firmware.is_none(), "{model} {:?}", again.lines());
        assert_eq!(account(&phone), own_account());
    }
    // The J179 restarted with it: its User-Agent says so.
    let timeline = phonebox.explain(mac("J179"))["timeline"].clone();
    let versions: Vec<&str> = timeline.as_array().unwrap().iter().filter_map(|one| one["version"].as_str()).collect();
    assert!(versions.contains(&"4.1.4.0.5") && versions.contains(&"4.1.3.0.6"), "{versions:?}");
}

/// As for a phone: a request that names two is refused.
#[test]
fn a_preview_of_another_devices_file_is_refused_in_the_check_ins_words() {
    let phonebox = Phonebox::start();
    settled(&phonebox, "T54W", &[]);
    for file in ["805ec0aabbff.cfg", "805ec0-aabbff.cfg"] {
        let said = phonebox.try_cli(&["preview", mac("T54W"), file]);
        assert!(said.code == 1 && said.err.contains(file), "{said:?}");
        assert!(said.err.contains("two different MAC addresses"), "{said:?}");
    }
}

/// A secret that the format cannot carry is not in the file, and a mask in its place would say that it is.
#[test]
fn a_preview_leaves_out_the_secrets_that_the_file_leaves_out() {
    let phonebox = Phonebox::start();
    for (model, password, param) in [("J179", "a\"b", "FORCE_SIP_PASSWORD"), ("T54W", " lead", "account.1.password")] {
        add(&phonebox, model, &[]);
        let own = if model == "J179" { "46xxsettings.txt".to_owned() } else { own_file(model) };
        let preview = || phonebox.cli(&["preview", mac(model), &own]);
        assert!(preview().contains(param), "{}", preview());
        phonebox.cli(&["device", "line", mac(model), "1", &format!("password={}", phonebox.secret(password))]);
        let agent = format!("User-Agent: {}\r\n", phone(model).user_agent());
        let sent = raw::ask(phonebox.http(), "GET", &format!("/{own}"), &agent).text();
        assert!(!sent.contains(param), "{sent}");
        let shown = preview();
        assert!(!shown.contains(param), "{shown}");
        let lines = phonebox.cli(&["preview", mac(model), &own, "--lines"]);
        assert!(lines.contains(&format!("{param} was left out")), "{lines}");
    }
}

#[test]
fn raw_text_lies_on_top_and_its_secrets_need_the_grant() {
    let phonebox = Phonebox::start();
    let mut phone = settled(&phonebox, "T54W", &[]);
    let text = "account.1.display_name = Raw Name\naccount.2.password = raw-S3cret\nfeatures.power_led_on = 1\n";
    let file = phonebox.file(text);
    phonebox.cli(&["layer", "raw", "set", "--device", mac("T54W"), "--vendor", "yealink", file.to_str().unwrap()]);
    phone.poll();
    assert_eq!(phone.value("account.1.display_name"), Some("Raw Name"));
    assert_eq!(phone.value("account.2.password"), Some("raw-S3cret"));
    let preview = phonebox.cli(&["preview", mac("T54W"), &own_file("T54W")]);
    assert!(preview.contains("features.power_led_on = 1") && !preview.contains("raw-S3cret"), "{preview}");
    let less = phonebox.cli(&["preview", mac("T54W"), &own_file("T54W"), "--without-secrets"]);
    assert!(less.contains("features.power_led_on = 1") && !less.contains("account.2.password"), "{less}");
    let explained = phonebox.cli(&["explain", mac("T54W")]);
    assert!(explained.contains("Raw Name") && !explained.contains("raw-S3cret"), "{explained}");
}

/// What its grammar cannot read may hold anything: a phone gets it whole or not at all, and people do not see it in passing.
#[test]
fn raw_text_that_cannot_be_read_needs_the_grant_as_a_whole() {
    let phonebox = Phonebox::start();
    let texts = [
        ("T54W", "yealink", "features.power_led_on = 1\nno pair raw-S3cret\n", "it is sent as it stands"),
        ("J179", "avaya", "SET SIPDOMAIN a b\nSET SCEPPASSWORD raw-S3cret\n", "it is sent as it stands"),
        ("M3", "ale", "<setting id=\"x\" value=\"raw-S3cret\">\n", "nothing of it is sent until it can be read"),
        ("D785", "snom", "<x>raw-S3cret\n", "nothing of it is sent until it can be read"),
    ];
    for (model, vendor, text, said) in texts {
        let mut phone = settled(&phonebox, model, &[]);
        let file = phonebox.file(text);
        let words = ["layer", "raw", "set", "--device", mac(model), "--vendor", vendor];
        let told = phonebox.cli(&[&words[..], &[file.to_str().unwrap()]].concat());
        assert!(told.contains(said), "{model}: {told}");
        let own = if model == "J179" { "46xxsettings.txt".to_owned() } else { own_file(model) };
        let boot = phone.boot(Some(&phonebox.url(false)));
        assert_eq!(account(&phone), own_account(), "{model} {:?}", boot.lines());
        let got = boot.asked(&own).map(|asked| String::from_utf8_lossy(&asked.body).replace("\r\n", "\n")).unwrap();
        assert_eq!(got.contains(text), said.starts_with("it is sent"), "{model}: {got}");
        let less = phonebox.cli(&["preview", mac(model), &own, "--without-secrets"]);
        let shown = phonebox.cli(&["explain", mac(model)]) + &phonebox.cli(&["preview", mac(model), &own]) + &less;
        assert!(!shown.contains("raw-S3cret") && !less.contains("power_led"), "{model}: {shown}");
        if !said.starts_with("it is sent") {
            assert!(shown.contains("Not said: raw vendor text"), "{model}: {shown}");
        }
    }
}

#[test]
fn uploads_need_steady_proof_and_come_back_byte_for_byte() {
    let phonebox = Phonebox::start();
    let mut one = settled(&phonebox, "T54W", &[]);
    let mut two = settled(&phonebox, "T46S", &[]);
    let body = b"#!version:1.0.0.1\nphone_setting.ring_type = Ring3.wav\n";
    let name = format!("{}-local.cfg", mac("T54W"));
    let put = one.upload(&name, body);
    assert_eq!(put.requests[0].status, 201, "{:?}", put.lines());
    assert_eq!(one.upload(&name, body).requests[0].status, 204, "replaced");
    assert_eq!(one.get(&name).requests[0].body, body);
    // Another phone's token is no proof for this one; neither is no token.
    assert_eq!(two.get(&name).requests[0].status, 404);
    assert_eq!(two.upload(&name, b"x").requests[0].status, 404);
    let mut stranger = phone("T54W");
    stranger.boot(Some(&phonebox.url(false)));
    for asked in [stranger.get(&name), stranger.upload(&name, b"x")] {
        assert_eq!(asked.requests[0].status, 404, "{:?}", asked.lines());
    }
    assert_eq!(one.get(&name).requests[0].body, body);
    // Only names that the box does not write itself.
    assert_eq!(one.upload(&format!("{}.cfg", mac("T54W")), b"x").requests[0].status, 405);
    assert!(one.poll().configured);
    // T99: one phone cannot fill the disk.
    assert_eq!(one.upload("{mac}-contact.xml", &vec![b'x'; (1 << 20) + 1]).requests[0].status, 413);
    assert_eq!(one.upload("{mac}-contact.xml", &vec![b'x'; 1 << 20]).requests[0].status, 507);
    assert_eq!(two.upload("{mac}-contact.xml", &vec![b'x'; 1 << 20]).requests[0].status, 201, "only that one");
}
