//! Each link layer and each tunnel that must be seen through, one small frame each.

mod frames;

use frames::{ipv4, ipv6, tcp};
use sidetap_native::decode::link::Link;
use sidetap_native::decode::{self, Decoded, Tags};

/// Name, packet, network id.
type Case = (&'static str, Vec<u8>, Option<u32>);

/// One frame for each tunnel that must be seen through, with the same segment inside.
#[test]
fn tunnels_are_stripped() {
    let segment = tcp(b"inside");
    let inner = ipv4(6, 0, 0, &segment);
    let ether =
        |number: u16, payload: &[u8]| [&[2; 12][..], &number.to_be_bytes(), payload].concat();
    let udp = |port: u16, payload: &[u8]| {
        let length = (payload.len() as u16 + 8).to_be_bytes();
        ipv4(
            17,
            0,
            0,
            &[
                &[0x30, 0x39][..],
                &port.to_be_bytes(),
                &length,
                &[0, 0],
                payload,
            ]
            .concat(),
        )
    };
    let gre = |head: &[u8], payload: &[u8]| ipv4(47, 0, 0, &[head, payload].concat());
    let framed = ether(0x0800, &inner);
    let vxlan = udp(
        4789,
        &[&[8, 0, 0, 0, 0, 0x30, 0x39, 0][..], &framed].concat(),
    );
    let inner6 = ipv6(6, &segment);
    let mut teredo_inner = inner6.clone();
    teredo_inner[8..12].copy_from_slice(&[0x20, 1, 0, 0]);
    let cases: Vec<Case> = vec![
        ("vxlan", vxlan.clone(), Some(12345)),
        (
            "geneve with options and vxlan inside",
            udp(
                6081,
                &[&[0x01, 0, 8, 0, 0, 0, 7, 0, 1, 8, 1, 0][..], &vxlan].concat(),
            ),
            Some(12345),
        ),
        (
            "geneve",
            udp(
                6081,
                &[&[0, 0, 0x65, 0x58, 0, 0, 7, 0][..], &framed].concat(),
            ),
            Some(7),
        ),
        ("gre", gre(&[0, 0, 8, 0], &inner), None),
        (
            "gre with checksum, key and sequence",
            gre(&[0xb0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2], &inner),
            None,
        ),
        (
            "nvgre",
            gre(&[0x20, 0, 0x65, 0x58, 0, 0x30, 0x39, 0], &framed),
            Some(12345),
        ),
        ("erspan 1", gre(&[0, 0, 0x88, 0xbe], &framed), None),
        (
            "erspan 2",
            gre(
                &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1, 0, 1, 0, 0, 0, 0],
                &framed,
            ),
            None,
        ),
        (
            "erspan 3",
            gre(
                &[
                    0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 9, 9,
                    9, 9, 9, 9, 9, 9,
                ],
                &framed,
            ),
            None,
        ),
        ("ip in ip", ipv4(4, 0, 0, &inner), None),
        ("6in4", ipv4(41, 0, 0, &inner6), None),
        ("4in6", ipv6(4, &inner), None),
        (
            "teredo",
            udp(3544, &[&[0, 0, 1, 2, 3, 4, 5, 6][..], &inner6].concat()),
            None,
        ),
        ("teredo between clients", udp(40_000, &teredo_inner), None),
        (
            "ayiya",
            udp(
                5072,
                &[
                    &[0x41, 0x52, 0x11, 41, 0, 0, 0, 0][..],
                    &[0; 16],
                    &[0; 20],
                    &inner6,
                ]
                .concat(),
            ),
            None,
        ),
        (
            "gtp",
            udp(
                2152,
                &[
                    &[0x34, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 0, 0][..],
                    &inner,
                ]
                .concat(),
            ),
            None,
        ),
        (
            "l2tp",
            udp(
                1701,
                &[&[0x40, 2, 0, 0, 0, 1, 0, 1, 0xff, 3, 0, 0x21][..], &inner].concat(),
            ),
            None,
        ),
        (
            "tzsp",
            udp(
                37_008,
                &[&[1, 0, 0, 1, 0, 10, 1, 5, 1][..], &framed].concat(),
            ),
            None,
        ),
        (
            "ethernet in ip",
            ipv4(97, 0, 0, &[&[0x30, 0][..], &framed].concat()),
            None,
        ),
    ];
    for (name, packet, vni) in &cases {
        let Decoded::Tcp(found) = decode::frame(Link::Ip, packet) else {
            panic!("{name}: {:?}", decode::frame(Link::Ip, packet));
        };
        let tcp_at = usize::from(found.tcp_offset);
        assert_eq!(&packet[tcp_at..], &segment[..], "{name}");
        assert_eq!(
            found.tags,
            Tags {
                vni: *vni,
                vlan: None
            },
            "{name}"
        );
    }
    let framed_cases: Vec<(&str, Vec<u8>, Option<u16>)> = vec![
        (
            "qinq",
            ether(0x88a8, &[&[0, 5, 0x81, 0, 0, 6, 8, 0][..], &inner].concat()),
            Some(6),
        ),
        (
            "mpls",
            ether(0x8847, &[&[0, 0, 0, 64, 0, 1, 1, 64][..], &inner].concat()),
            None,
        ),
        (
            "mpls pseudo-wire",
            ether(0x8847, &[&[0, 1, 1, 64, 0, 0, 0, 0][..], &framed].concat()),
            None,
        ),
        (
            "pppoe",
            ether(
                0x8864,
                &[&[0x11, 0, 0, 1, 0, 9, 0, 0x21][..], &inner].concat(),
            ),
            None,
        ),
        (
            "llc and snap",
            ether(60, &[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], &inner].concat()),
            None,
        ),
        (
            "a customer's frame in a provider's",
            ether(0x88e7, &[&[0, 0, 0, 9][..], &framed].concat()),
            None,
        ),
        (
            "tags of ports and groups",
            ether(
                0x8926,
                &[
                    &[0x80, 1, 0, 2, 0x89, 0x3f, 0, 1, 0, 2, 0, 3][..],
                    &[0x89, 9, 1, 1, 0, 1, 0, 7, 8, 0],
                    &inner,
                ]
                .concat(),
            ),
            None,
        ),
        (
            "lisp",
            ether(0x0800, &udp(4341, &[&[0; 8][..], &inner].concat())),
            None,
        ),
        (
            "nsh",
            ether(
                0x894f,
                &[&[0, 6, 1, 1, 0, 0, 0, 0][..], &[0; 16], &inner].concat(),
            ),
            None,
        ),
    ];
    for (name, packet, vlan) in &framed_cases {
        let Decoded::Tcp(found) = decode::frame(Link::Ethernet, packet) else {
            panic!("{name}: {:?}", decode::frame(Link::Ethernet, packet));
        };
        assert_eq!(
            &packet[usize::from(found.tcp_offset)..],
            &segment[..],
            "{name}"
        );
        assert_eq!(found.tags.vlan, *vlan, "{name}");
    }
    let nested = |depth| (0..depth).fold(inner.clone(), |packet, _| ipv4(4, 0, 0, &packet));
    assert!(matches!(
        decode::frame(Link::Ip, &nested(8)),
        Decoded::Tcp(_)
    ));
    assert_eq!(
        decode::frame(Link::Ip, &nested(9)),
        Decoded::Dropped(decode::Cause::TooManyTunnels)
    );
}

#[test]
fn each_link_layer_leads_to_the_segment() {
    let inner = ipv4(6, 0, 0, &tcp(b"inside"));
    let with = |head: &[u8]| [head, &inner].concat();
    let cases: Vec<(u32, Vec<u8>)> = vec![
        (0, with(&[2, 0, 0, 0])),
        (0, with(&[0, 0, 0, 2])),
        (108, with(&[0, 0, 0, 2])),
        (9, with(&[0xff, 3, 0, 0x21])),
        (9, with(&[0x21])),
        (50, with(&[0xff, 3, 0, 0x21])),
        (51, with(&[0x11, 0, 0, 1, 0, 9, 0, 0x21])),
        (104, with(&[0x0f, 0, 8, 0])),
        (107, with(&[0x18, 0x41, 3, 0xcc])),
        (107, with(&[0x18, 0x41, 8, 0])),
        (113, with(&[0, 0, 0, 1, 0, 6, 1, 1, 1, 1, 1, 1, 0, 0, 8, 0])),
        (
            276,
            with(&[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 1, 1, 1, 1, 1, 1, 0, 0]),
        ),
        (
            239,
            with(&[2, 0, 0, 0, 6, 0, 10, 0, b'p', 0, 0, 0, 0xff, 0, 9, 0]),
        ),
        (
            105,
            with(&[&[0x88, 1][..], &[0; 24], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat()),
        ),
        (
            127,
            with(
                &[
                    &[0, 0, 8, 0, 0, 0, 0, 0, 8, 1][..],
                    &[0; 22],
                    &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
                ]
                .concat(),
            ),
        ),
        (
            10,
            with(&[&[0x50][..], &[2; 12], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat()),
        ),
        (100, with(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0])),
        (109, with(&[2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])),
        (117, with(&[&[61, 2][..], &[0; 62]].concat())),
        (
            119,
            with(
                &[
                    &[0, 0, 0, 0x44, 16, 0, 0, 0][..],
                    &[0; 8],
                    &[8, 1],
                    &[0; 22],
                    &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
                ]
                .concat(),
            ),
        ),
        (
            163,
            with(
                &[
                    &[0x80, 0x21, 0x10, 1, 0, 0, 0, 8][..],
                    &[8, 1],
                    &[0; 22],
                    &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
                ]
                .concat(),
            ),
        ),
        (
            192,
            with(&[&[0, 0, 8, 0, 1, 0, 0, 0][..], &[2; 12], &[8, 0]].concat()),
        ),
        (
            258,
            with(
                &[
                    &[12, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0][..],
                    &[2; 12],
                    &[8, 0],
                ]
                .concat(),
            ),
        ),
        (12, inner.clone()),
        (101, inner.clone()),
        (228, inner.clone()),
    ];
    for (number, packet) in &cases {
        let found = decode::frame(Link::of(*number).unwrap(), packet);
        let Decoded::Tcp(found) = found else {
            panic!("link {number}: {found:?}")
        };
        assert_eq!(
            packet.len() - usize::from(found.ip_offset),
            inner.len(),
            "link {number}"
        );
    }
}
