//! Many messages of the driver in one call.
//!
//! Polling message by message costs about twice as much of a core, so the batch call of the C
//! library is used directly. The unsafe code of the crate is here and in the file about identities of topics.

use std::ffi::{CStr, c_char, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka_sys::bindings as sys;

/// The queue that delivers all partitions of a consumer. Must be dropped before its consumer.
pub(super) struct Queue {
    queue: NonNull<sys::rd_kafka_queue_t>,
    buffer: Vec<*mut sys::rd_kafka_message_t>,
}

// SAFETY: the C library allows a queue to be used from any thread; the buffer is empty between calls.
unsafe impl Send for Queue {}

/// One message while it is borrowed from the driver.
pub(super) struct Message<'a> {
    raw: &'a sys::rd_kafka_message_t,
    _batch: PhantomData<&'a ()>,
}

impl Queue {
    pub(super) fn of<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> Option<Queue> {
        // SAFETY: the pointer is that of a living client; the call takes a reference of its own.
        let queue = unsafe { sys::rd_kafka_queue_get_consumer(consumer.client().native_ptr()) };
        NonNull::new(queue).map(|queue| Queue { queue, buffer: Vec::new() })
    }

    /// Waits until `max` messages are there or `timeout` is over, and shows each to `visit`.
    pub(super) fn drain(&mut self, timeout: Duration, max: usize, mut visit: impl FnMut(Message<'_>)) -> usize {
        self.buffer.resize(max, ptr::null_mut());
        let timeout_ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the buffer holds `max` slots and the queue is alive as long as `self`.
        let count = unsafe {
            sys::rd_kafka_consume_batch_queue(self.queue.as_ptr(), timeout_ms, self.buffer.as_mut_ptr(), max)
        };
        let count = usize::try_from(count).unwrap_or(0).min(max);
        for slot in self.buffer.iter_mut().take(count) {
            let message = std::mem::replace(slot, ptr::null_mut());
            // SAFETY: the first `count` slots were filled with messages that are now ours, once.
            if let Some(raw) = unsafe { message.as_ref() } {
                visit(Message { raw, _batch: PhantomData });
                // SAFETY: ours, and the borrow handed to `visit` has ended.
                unsafe { sys::rd_kafka_message_destroy(message) };
            }
        }
        count
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: releases the reference taken in `of`, once.
        unsafe { sys::rd_kafka_queue_destroy(self.queue.as_ptr()) };
    }
}

impl Message<'_> {
    pub(super) fn error(&self) -> sys::rd_kafka_resp_err_t {
        self.raw.err
    }

    /// A number that is the same for messages of the same topic of one consumer.
    pub(super) fn topic_key(&self) -> usize {
        self.raw.rkt as usize
    }

    pub(super) fn topic(&self) -> Option<String> {
        if self.raw.rkt.is_null() {
            return None;
        }
        // SAFETY: a message keeps its topic alive, and topic names are C strings.
        let name = unsafe { CStr::from_ptr(sys::rd_kafka_topic_name(self.raw.rkt)) };
        name.to_str().ok().map(str::to_owned)
    }

    pub(super) fn partition(&self) -> i32 {
        self.raw.partition
    }

    pub(super) fn offset(&self) -> i64 {
        self.raw.offset
    }

    pub(super) fn key(&self) -> Option<&[u8]> {
        self.bytes(self.raw.key, self.raw.key_len)
    }

    pub(super) fn value(&self) -> Option<&[u8]> {
        self.bytes(self.raw.payload, self.raw.len)
    }

    pub(super) fn timestamp_ms(&self) -> Option<i64> {
        let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive and `kind` is a valid place to write to.
        let time = unsafe { sys::rd_kafka_message_timestamp(self.raw, &mut kind) };
        (kind != sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && time >= 0).then_some(time)
    }

    /// Shows each header to `visit`.
    pub(super) fn headers(&self, mut visit: impl FnMut(&[u8], Option<&[u8]>)) {
        let mut headers = ptr::null_mut();
        // SAFETY: the message is alive; the headers stay its property.
        let found = unsafe { sys::rd_kafka_message_headers(self.raw, &mut headers) };
        if found != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || headers.is_null() {
            return;
        }
        for index in 0.. {
            let (mut name, mut value, mut size) = (ptr::null::<c_char>(), ptr::null::<c_void>(), 0);
            // SAFETY: the headers live as long as the message; the out pointers are valid.
            let found = unsafe { sys::rd_kafka_header_get_all(headers, index, &mut name, &mut value, &mut size) };
            if found != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || name.is_null() {
                return;
            }
            // SAFETY: names are C strings that live as long as the message.
            let name = unsafe { CStr::from_ptr(name) };
            visit(name.to_bytes(), self.bytes(value, size));
        }
    }

    fn bytes(&self, start: *const c_void, len: usize) -> Option<&[u8]> {
        if start.is_null() {
            return None;
        }
        // SAFETY: the driver gives start and length of memory that lives as long as the message.
        Some(unsafe { std::slice::from_raw_parts(start.cast::<u8>(), len) })
    }
}
