//! Four-bit registers, few or all of them.

/// Registers of a collector.
pub(super) const NUM_REGISTERS: usize = 2_048;
/// Two registers a byte.
pub(super) const NUM_BYTES: usize = NUM_REGISTERS / 2;
/// Bytes kept in a list; with more all are kept.
const MAX_FEW: usize = 64;

/// Register `2i` is the high half of byte `i`, `2i + 1` the low half. Most collectors of a roll-up
/// have seen a handful of values, so bytes that are not zero start in a sorted list.
#[derive(Clone, Debug)]
pub(super) enum Registers {
    Few(Vec<(u16, u8)>),
    All(Box<[u8; NUM_BYTES]>),
}

impl Default for Registers {
    fn default() -> Self {
        Registers::Few(Vec::new())
    }
}

impl PartialEq for Registers {
    fn eq(&self, other: &Registers) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Registers {
    /// All bytes.
    pub fn bytes(&self) -> [u8; NUM_BYTES] {
        match self {
            Registers::All(bytes) => **bytes,
            Registers::Few(list) => {
                let mut bytes = [0; NUM_BYTES];
                list.iter().for_each(|&(at, byte)| bytes[usize::from(at)] = byte);
                bytes
            }
        }
    }

    /// A byte for changing; `at` is below [`NUM_BYTES`].
    pub fn byte(&mut self, at: u16) -> &mut u8 {
        if matches!(self, Registers::Few(list) if list.len() == MAX_FEW) {
            *self = Registers::All(Box::new(self.bytes()));
        }
        match self {
            Registers::All(bytes) => &mut bytes[usize::from(at)],
            Registers::Few(list) => {
                let place = match list.binary_search_by_key(&at, |&(held, _)| held) {
                    Ok(place) => place,
                    Err(place) => {
                        list.insert(place, (at, 0));
                        place
                    }
                };
                &mut list[place].1
            }
        }
    }

    /// Visits the bytes that are not zero, in order.
    pub fn for_each(&self, mut visit: impl FnMut(u16, u8)) {
        match self {
            Registers::Few(list) => list.iter().for_each(|&(at, byte)| visit(at, byte)),
            Registers::All(bytes) => {
                (0..).zip(bytes.iter()).filter(|&(_, &byte)| byte != 0).for_each(|(at, &byte)| visit(at, byte));
            }
        }
    }

    /// Takes one from every register; none may be zero.
    pub fn lower(&mut self) {
        match self {
            Registers::Few(list) => list.iter_mut().for_each(|(_, byte)| *byte -= 0x11),
            Registers::All(bytes) => bytes.iter_mut().for_each(|byte| *byte -= 0x11),
        }
    }

    /// Registers that are not zero.
    pub fn num_set(&self) -> u16 {
        let mut num_set = 0;
        self.for_each(|_, byte| num_set += u16::from(byte & 0xf0 != 0) + u16::from(byte & 0x0f != 0));
        num_set
    }

    /// Bytes in memory besides the struct.
    pub fn memory_bytes(&self) -> usize {
        match self {
            Registers::Few(list) => list.capacity() * size_of::<(u16, u8)>(),
            Registers::All(bytes) => bytes.len(),
        }
    }
}
