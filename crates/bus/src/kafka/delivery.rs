//! A message of librdkafka as a delivery, whatever is in it.

use std::ffi::CStr;
use std::{ptr, slice};

use rdkafka::Timestamp;
use rdkafka::bindings::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR as NO_ERROR;
use rdkafka::bindings::{rd_kafka_header_get_all, rd_kafka_message_headers};
use rdkafka::message::{BorrowedMessage, Message};

use crate::Delivery;

pub(super) fn delivery(message: &BorrowedMessage<'_>, allow_create_time: bool) -> Delivery {
    let append_ms = match message.timestamp() {
        Timestamp::LogAppendTime(ms) => Some(ms),
        Timestamp::CreateTime(ms) if allow_create_time => Some(ms),
        Timestamp::CreateTime(_) | Timestamp::NotAvailable => None,
    };
    Delivery {
        partition: message.partition(),
        offset: message.offset(),
        append_ms,
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().unwrap_or_default().to_vec(),
        headers: headers(message),
    }
}

/// The headers in their order. What is not UTF-8 in a name becomes U+FFFD.
#[expect(unsafe_code, reason = "rdkafka's own way to read headers panics at a name that is not UTF-8")]
fn headers(message: &BorrowedMessage<'_>) -> Vec<(String, Vec<u8>)> {
    let mut list = ptr::null_mut();
    // SAFETY: the message lives as long as it is borrowed, and its headers live as long as it does.
    let found = unsafe { rd_kafka_message_headers(message.ptr(), &raw mut list) };
    let mut headers = Vec::new();
    if found != NO_ERROR {
        return headers;
    }
    loop {
        let (mut name, mut value, mut length) = (ptr::null(), ptr::null(), 0);
        let (to_name, to_value, to_length) = (&raw mut name, &raw mut value, &raw mut length);
        // SAFETY: the headers live, see above. Behind the last one comes an error.
        let found = unsafe { rd_kafka_header_get_all(list, headers.len(), to_name, to_value, to_length) };
        if found != NO_ERROR {
            return headers;
        }
        // SAFETY: librdkafka ends each name with a zero byte.
        let name = unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned();
        let value = if value.is_null() {
            Vec::new()
        } else {
            // SAFETY: a value that is there has this length.
            unsafe { slice::from_raw_parts(value.cast::<u8>(), length) }.to_vec()
        };
        headers.push((name, value));
    }
}
