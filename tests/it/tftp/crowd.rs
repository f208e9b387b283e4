//! Many at once, and the stop.

use super::{Client, PATIENCE, Tftp, calm, data, pattern};
use phonebox::listen::tftp::{Failure, Limits, Why};

#[test]
fn threat_039_requests_without_acknowledgement_push_out_the_oldest_of_their_kind() {
    let file = pattern(600);
    let server = Tftp::serving(Limits { transfers: 8, per_source: 8, ..calm() }, &[("file", &file)]);
    // One that is under way keeps its place.
    let steady = Client::new(&server);
    let transfer = steady.read("file", "blksize\x00512\0").hear().1;
    steady.acknowledge(0, transfer);
    steady.expect(&data(1, &file[..512]));

    let strangers: Vec<Client> = (0..300).map(|_| Client::new(&server)).collect();
    for stranger in &strangers {
        stranger.read("file", "").expect(&data(1, &file[..512]));
    }
    for stranger in &strangers[..300 - 7] {
        let (read, outcome) = server.outcome();
        assert_eq!(read.peer, stranger.socket.local_addr().unwrap(), "the oldest goes first");
        assert_eq!((outcome.failure, outcome.complete), (Some(Failure::Displaced), false));
    }
    assert!(server.outcomes.try_recv().is_err());

    let other = Client::new(&server);
    other.read("file", "");
    assert!(other.finish(512, 1).0 == file);
    steady.acknowledge(1, transfer);
    steady.expect(&data(2, &file[512..]));
    steady.acknowledge(2, transfer);
    let ended: Vec<_> = (0..3).map(|_| server.outcome().1.complete).collect();
    assert_eq!(ended, [false, true, true], "one more displaced, both served");
}

#[test]
fn threat_039_a_source_uses_up_its_own_places_only() {
    let file = pattern(600);
    let server = Tftp::serving(Limits { transfers: 100, per_source: 4, ..calm() }, &[("file", &file)]);
    let neighbour = Client::at(server.address, "127.0.0.2:0");
    let transfer = neighbour.read("file", "").expect(&data(1, &file[..512]));
    let flood: Vec<Client> = (0..40).map(|_| Client::new(&server)).collect();
    for client in &flood {
        client.read("file", "").expect(&data(1, &file[..512]));
    }
    for client in &flood[..36] {
        assert_eq!(server.outcome().0.peer, client.socket.local_addr().unwrap());
    }
    neighbour.acknowledge(1, transfer);
    neighbour.expect(&data(2, &file[512..]));
    neighbour.acknowledge(2, transfer);
    assert!(server.outcome().1.complete);
}

#[test]
fn threat_039_a_full_house_lets_a_client_ask_again() {
    let file = pattern(2000);
    let server = Tftp::serving(Limits { transfers: 3, per_source: 3, ..calm() }, &[("file", &file)]);
    let busy: Vec<_> = (0..3)
        .map(|_| {
            let client = Client::new(&server);
            let transfer = client.read("file", "").hear().1;
            client.acknowledge(1, transfer);
            client.expect(&data(2, &file[512..1024]));
            (client, transfer)
        })
        .collect();
    let late = Client::new(&server);
    late.read("file", "").expect_silence_before_next_answer();
    let refused = server.refusal();
    assert_eq!((refused.why, &refused.file[..]), (Why::Busy, &b"file"[..]));
    let (client, transfer) = &busy[0];
    client.send(b"\0\x05\0\0bye\0", *transfer);
    server.outcome();
    late.read("file", "");
    assert!(late.finish(512, 1).0 == file);
}

#[test]
fn many_clients_at_once_get_their_own_files() {
    let file = pattern(100_000);
    let names: Vec<String> = (0..60).map(|index| format!("{index}.cfg")).collect();
    let files: Vec<_> = names.iter().enumerate().map(|(index, name)| (name.as_str(), &file[index * 1000..])).collect();
    let server = Tftp::serving(Limits::default(), &files);
    std::thread::scope(|scope| {
        for (name, expected) in &files {
            let client = Client::new(&server);
            scope.spawn(move || {
                client.read(name, "blksize\x001000\0windowsize\x005\0");
                assert!(client.finish(1000, 5).0 == *expected);
            });
        }
    });
    assert!((0..60).all(|_| server.outcome().1.complete));
}

/// F24: what runs may finish, what is new is not taken.
#[test]
fn fault_024_a_stop_lets_running_transfers_finish() {
    let file = pattern(1500);
    let mut server = Tftp::serving(Limits { grace: PATIENCE, ..calm() }, &[("file", &file)]);
    let client = Client::new(&server);
    let transfer = client.read("file", "").hear().1;
    server.shut_down();
    let late = Client::new(&server);
    late.read("file", "");
    client.acknowledge(1, transfer);
    client.expect(&data(2, &file[512..1024]));
    client.acknowledge(2, transfer);
    client.expect(&data(3, &file[1024..]));
    client.acknowledge(3, transfer);
    assert!(server.outcome().1.complete);
    server.join();
    assert!(server.outcomes.try_recv().is_err(), "the late request reached nobody");
}

#[test]
fn fault_024_a_transfer_that_takes_too_long_is_told_so() {
    let mut server = Tftp::serving(calm(), &[("file", &pattern(1500))]);
    let client = Client::new(&server);
    let transfer = client.read("file", "").hear().1;
    server.join();
    assert_eq!(client.expect_error(0), transfer);
    assert_eq!(server.outcome().1.failure, Some(Failure::Stopped));
}
