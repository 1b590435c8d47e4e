//! Owns one synthetic flow: its fields, its derived rates and its line of CSV.

use std::net::Ipv4Addr;

/// Declares a field-less enum, the text of each variant, and the list of all.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident => $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// As it stands in the file.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

words! {
    /// Transport protocol.
    Protocol {
        /// TCP.
        Tcp => "tcp",
        /// UDP.
        Udp => "udp",
        /// ICMP.
        Icmp => "icmp",
    }
}

words! {
    /// Application protocol.
    Service {
        /// HTTP without encryption.
        Http => "http",
        /// TLS or QUIC, whatever is inside.
        Ssl => "ssl",
        /// DNS.
        Dns => "dns",
        /// Mail sending.
        Smtp => "smtp",
        /// Mail reading.
        Imap => "imap",
        /// SSH.
        Ssh => "ssh",
        /// Time.
        Ntp => "ntp",
        /// File shares.
        Smb => "smb",
        /// Remote desktop.
        Rdp => "rdp",
        /// FTP control.
        Ftp => "ftp",
        /// Directory.
        Ldap => "ldap",
        /// Device monitoring.
        Snmp => "snmp",
    }
}

words! {
    /// How a connection went, in the words of Zeek's `conn.log`.
    ConnState {
        /// Asked, never answered.
        S0 => "S0",
        /// Established, not closed.
        S1 => "S1",
        /// Established and closed.
        Sf => "SF",
        /// Refused.
        Rej => "REJ",
        /// Reset by the source.
        Rsto => "RSTO",
        /// Reset by the destination.
        Rstr => "RSTR",
        /// Asked and closed by the source, never answered.
        Sh => "SH",
        /// Seen midway only.
        Oth => "OTH",
    }
}

words! {
    /// TCP flags seen on either side, in the order FSRPA.
    Flags {
        /// SYN.
        S => "S",
        /// SYN, ACK.
        Sa => "SA",
        /// SYN, RST.
        Sr => "SR",
        /// SYN, RST, ACK.
        Sra => "SRA",
        /// SYN, PSH, ACK.
        Spa => "SPA",
        /// FIN, SYN, ACK.
        Fsa => "FSA",
        /// FIN, SYN, PSH, ACK.
        Fspa => "FSPA",
        /// SYN, RST, PSH, ACK.
        Srpa => "SRPA",
        /// FIN, SYN, RST.
        Fsr => "FSR",
        /// PSH, ACK.
        Pa => "PA",
    }
}

words! {
    /// What a flow was generated as: its label.
    Traffic {
        /// Everyday traffic, authorised scans and backups among it.
        Benign => "benign",
        /// Looking for hosts and open ports.
        Scan => "scan",
        /// Guessing passwords.
        BruteForce => "brute_force",
        /// A planted program calling home.
        C2Beacon => "c2_beacon",
        /// Data carried out.
        Exfiltration => "exfiltration",
        /// Floods and amplification.
        Dos => "dos",
    }
}

/// One synthetic flow. Addresses are private (10/8) or reserved for documentation (RFC 5737).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Start, microseconds since 1970-01-01 UTC.
    pub start_micros: i64,
    /// Names the flow; no two of one generator are the same.
    pub id: u64,
    /// Who opened it.
    pub src_ip: Ipv4Addr,
    /// Who was asked.
    pub dst_ip: Ipv4Addr,
    /// Source port; none for ICMP.
    pub src_port: Option<u16>,
    /// Destination port; none for ICMP.
    pub dst_port: Option<u16>,
    /// Transport protocol.
    pub protocol: Protocol,
    /// Application protocol, where payload told it.
    pub service: Option<Service>,
    /// How it went.
    pub conn_state: ConnState,
    /// First to last packet, microseconds.
    pub duration_micros: u64,
    /// Payload bytes from the source.
    pub orig_bytes: u64,
    /// Payload bytes from the destination.
    pub resp_bytes: u64,
    /// Packets from the source, at least 1.
    pub orig_pkts: u64,
    /// Packets from the destination.
    pub resp_pkts: u64,
    /// TCP flags; none for other protocols.
    pub flags: Option<Flags>,
    /// What it was generated as.
    pub label: Traffic,
}

/// The header line of a flow file, without line end.
pub(super) const HEADER: &str = "timestamp,flow_id,src_ip,dst_ip,src_port,dst_port,protocol,service,conn_state,duration,orig_bytes,\
resp_bytes,orig_pkts,resp_pkts,bytes_per_second,packets_per_second,flags,label,synthetic";

impl Flow {
    /// Payload bytes of both sides over duration, in thousandths; 0 where the duration is 0.
    fn milli_bytes_per_second(&self) -> u64 {
        per_second(self.orig_bytes.saturating_add(self.resp_bytes), self.duration_micros)
    }

    /// Packets of both sides over duration, in thousandths; 0 where the duration is 0.
    fn milli_packets_per_second(&self) -> u64 {
        per_second(self.orig_pkts.saturating_add(self.resp_pkts), self.duration_micros)
    }

    /// Payload bytes of both sides per second of duration, to three decimals; 0 where the duration is 0.
    pub fn bytes_per_second(&self) -> f64 {
        self.milli_bytes_per_second() as f64 / 1000.0
    }

    /// Packets of both sides per second of duration, to three decimals; 0 where the duration is 0.
    pub fn packets_per_second(&self) -> f64 {
        self.milli_packets_per_second() as f64 / 1000.0
    }

    /// Appends its line, line end included.
    pub(super) fn write_line(&self, clock: &mut Clock, out: &mut Vec<u8>) {
        clock.write(self.start_micros, out);
        out.push(b',');
        push_hex(self.id, out);
        out.push(b',');
        push_ip(self.src_ip, out);
        out.push(b',');
        push_ip(self.dst_ip, out);
        for port in [self.src_port, self.dst_port] {
            out.push(b',');
            if let Some(port) = port {
                push_number(u64::from(port), out);
            }
        }
        push_word(self.protocol.as_str(), out);
        push_word(self.service.map_or("", Service::as_str), out);
        push_word(self.conn_state.as_str(), out);
        out.push(b',');
        push_decimal(self.duration_micros, 6, out);
        for count in [self.orig_bytes, self.resp_bytes, self.orig_pkts, self.resp_pkts] {
            out.push(b',');
            push_number(count, out);
        }
        for rate in [self.milli_bytes_per_second(), self.milli_packets_per_second()] {
            out.push(b',');
            push_decimal(rate, 3, out);
        }
        push_word(self.flags.map_or("", Flags::as_str), out);
        push_word(self.label.as_str(), out);
        out.extend_from_slice(b",true\n");
    }
}

/// `count` per second in thousandths.
fn per_second(count: u64, micros: u64) -> u64 {
    if micros == 0 {
        return 0;
    }
    // Nearly every count fits; 128-bit division costs several times as much.
    count.checked_mul(1_000_000_000).map_or_else(
        || u64::try_from(u128::from(count) * 1_000_000_000 / u128::from(micros)).unwrap_or(u64::MAX),
        |scaled| scaled / micros,
    )
}

fn push_word(word: &str, out: &mut Vec<u8>) {
    out.push(b',');
    out.extend_from_slice(word.as_bytes());
}

/// Decimal digits. `write!` costs several times as much, and a line has fifteen numbers.
fn push_number(mut n: u64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut used = 0;
    for slot in digits.iter_mut().rev() {
        *slot = b'0' + (n % 10) as u8;
        n /= 10;
        used += 1;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[digits.len() - used..]);
}

/// The lowest `width` decimal digits of `n`, zeros in front; at most 8.
fn push_padded(mut n: u64, width: usize, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 8];
    let width = width.min(digits.len());
    for slot in digits[..width].iter_mut().rev() {
        *slot = b'0' + (n % 10) as u8;
        n /= 10;
    }
    out.extend_from_slice(&digits[..width]);
}

/// `n` as a decimal fraction with this many places.
fn push_decimal(n: u64, places: usize, out: &mut Vec<u8>) {
    let unit = 10u64.pow(places as u32);
    push_number(n / unit, out);
    out.push(b'.');
    push_padded(n % unit, places, out);
}

fn push_hex(n: u64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 16];
    for (i, slot) in digits.iter_mut().rev().enumerate() {
        *slot = b"0123456789abcdef"[((n >> (4 * i)) & 15) as usize];
    }
    out.extend_from_slice(&digits);
}

fn push_ip(ip: Ipv4Addr, out: &mut Vec<u8>) {
    for (i, octet) in ip.octets().into_iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        push_number(u64::from(octet), out);
    }
}

/// Writes times; remembers the day, for most lines fall on the one before's.
#[derive(Debug, Default)]
pub(super) struct Clock {
    day: i64,
    date: String,
}

impl Clock {
    /// RFC 3339 in UTC with microseconds.
    fn write(&mut self, micros: i64, out: &mut Vec<u8>) {
        const DAY: i64 = 86_400_000_000;
        let day = micros.div_euclid(DAY);
        if self.date.is_empty() || day != self.day {
            self.day = day;
            self.date = chrono::DateTime::from_timestamp(day.saturating_mul(86_400), 0)
                .map_or_else(|| "1970-01-01".to_owned(), |date| date.format("%Y-%m-%d").to_string());
        }
        let rest = micros.rem_euclid(DAY) as u64;
        let seconds = rest / 1_000_000;
        out.extend_from_slice(self.date.as_bytes());
        for (before, value) in [(b'T', seconds / 3600), (b':', seconds / 60 % 60), (b':', seconds % 60)] {
            out.push(before);
            push_padded(value, 2, out);
        }
        out.push(b'.');
        push_padded(rest % 1_000_000, 6, out);
        out.push(b'Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_by_hand() {
        let flow = Flow {
            start_micros: 1_767_600_000_000_001, // date -u -d @1767600000: 2026-01-05T08:00:00
            id: 0xab,
            src_ip: Ipv4Addr::new(10, 0, 200, 9),
            dst_ip: Ipv4Addr::new(192, 0, 2, 255),
            src_port: Some(65_535),
            dst_port: Some(0),
            protocol: Protocol::Tcp,
            service: None,
            conn_state: ConnState::Sf,
            duration_micros: 2_500_000,
            orig_bytes: 1,
            resp_bytes: 0,
            orig_pkts: 3,
            resp_pkts: 2,
            flags: Some(Flags::Fsa),
            label: Traffic::Dos,
        };
        let mut out = Vec::new();
        flow.write_line(&mut Clock::default(), &mut out);
        let line = String::from_utf8(out).unwrap();
        assert_eq!(
            line,
            "2026-01-05T08:00:00.000001Z,00000000000000ab,10.0.200.9,192.0.2.255,65535,0,tcp,,SF,2.500000,1,0,3,2,0.400,2.000,\
             FSA,dos,true\n"
        );
        assert_eq!(HEADER.split(',').count(), line.split(',').count());
    }

    #[test]
    fn numbers_at_their_ends() {
        let text = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            write(&mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(&|o| push_number(0, o)), "0");
        assert_eq!(text(&|o| push_number(u64::MAX, o)), u64::MAX.to_string());
        assert_eq!(text(&|o| push_decimal(1_000_001, 6, o)), "1.000001");
        assert_eq!(text(&|o| Clock::default().write(-1, o)), "1969-12-31T23:59:59.999999Z");
        assert_eq!(per_second(u64::MAX, 1), u64::MAX);
        assert_eq!(per_second(5, 0), 0);
    }
}
