//! Numbers that look random and follow from others.

/// A place in something of this length that a number decides; 0 if it is empty.
pub fn place(number: u64, length: usize) -> usize {
    usize::try_from(number % (length as u64).max(1)).unwrap_or_default()
}

/// Well-mixed bits of a number: the output function of `SplitMix64` (Steele, Lea and Flood, 2014).
pub fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_is_the_published_function() {
        // The first outputs of the generator seeded with 0 and with the golden ratio.
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(mix(0x9e37_79b9_7f4a_7c15), 0x6e78_9e6a_a1b9_65f4);
    }
}
