//! Addresses on chains, by their checksums.

use sha2::{Digest as _, Sha256};
use sha3::Keccak256;

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// How the letters of an address on Ethereum are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// All in one case, or as the checksum has them; with the checksum.
    Right(String),
    /// Otherwise: something in it is wrong.
    Wrong,
}

/// EIP-55: a letter is a capital where the same place of the hash of the address in small letters is 8 or more. None for what
/// is no address at all.
pub(super) fn evm_case(text: &str) -> Option<Case> {
    let digits = text.strip_prefix("0x")?;
    if digits.len() != 40 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let small = digits.to_ascii_lowercase();
    let hash = Keccak256::digest(&small);
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    let right: String = small
        .chars()
        .zip(nibbles)
        .map(|(digit, nibble)| match nibble {
            8.. => digit.to_ascii_uppercase(),
            _ => digit,
        })
        .collect();
    let has_no_checksum = digits == small || digits == small.to_ascii_uppercase();
    Some(if has_no_checksum || digits == right {
        Case::Right(format!("0x{right}"))
    } else {
        Case::Wrong
    })
}

/// The version byte of 25 bytes in base 58, if their checksum is right.
pub(super) fn base58_version(text: &str) -> Option<u8> {
    if !(26..=35).contains(&text.len()) {
        return None;
    }
    let mut bytes = [0_u8; 25];
    for c in text.bytes() {
        let digit = BASE58.iter().position(|known| *known == c)?;
        let mut carry = u32::try_from(digit).ok()?;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xff).ok()?;
            carry >>= 8;
        }
        if carry > 0 {
            return None;
        }
    }
    // Each leading zero byte is written as one `1`.
    let ones = text.bytes().take_while(|c| *c == b'1').count();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let twice = Sha256::digest(Sha256::digest(&bytes[..21]));
    (ones == zeros && twice[..4] == bytes[21..]).then_some(bytes[0])
}

/// BIP 173 and BIP 350: `bc1`, the version, 2 to 40 bytes, a checksum.
pub(super) fn is_segwit(address: &str) -> bool {
    let Some(data) = address.strip_prefix("bc1") else {
        return false;
    };
    let values: Option<Vec<u8>> = data
        .bytes()
        .map(|c| {
            let value = BECH32.iter().position(|known| *known == c)?;
            u8::try_from(value).ok()
        })
        .collect();
    let Some(values) = values.filter(|values| (14..=71).contains(&values.len())) else {
        return false;
    };
    let prefix = [3, 3, 0, 2, 3];
    let checksum = prefix
        .iter()
        .chain(&values)
        .fold(1_u32, |sum, value| polymod(sum) ^ u32::from(*value));
    let (version, program) = (values[0], (values.len() - 7) * 5 / 8);
    match version {
        0 => checksum == 1 && matches!(program, 20 | 32),
        1..=16 => checksum == 0x2bc8_30a3 && (2..=40).contains(&program),
        _ => false,
    }
}

fn polymod(sum: u32) -> u32 {
    const GENERATOR: [u32; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    let top = sum >> 25;
    let shifted = (sum & 0x01ff_ffff) << 5;
    GENERATOR
        .iter()
        .enumerate()
        .filter(|(bit, _)| (top >> bit) & 1 == 1)
        .fold(shifted, |sum, (_, part)| sum ^ part)
}
