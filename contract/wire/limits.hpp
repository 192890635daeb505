#pragma once
#include <cstddef>
#include <cstdint>

#include "contract/nouns/clock.hpp"

/// How large anything on the wire may be. An encoder refuses what passes a
/// limit, a decoder refuses it before it allocates; both use these numbers.
namespace steward::wire_limit {

inline constexpr std::size_t code_bytes = 32;        // site and gateway code
inline constexpr std::size_t name_bytes = 64;        // meter plate, profile, controller, reader, bus
inline constexpr std::size_t word_bytes = 48;        // channel name, event kind, alarm kind
inline constexpr std::size_t sentence_bytes = 512;   // an event's or alarm's detail
inline constexpr std::size_t scan_code_bytes = 512;  // what a QR code holds in practice: a URL and a token
inline constexpr std::size_t hole_reason_bytes = 32;
inline constexpr std::size_t raw_words = 8;           // the widest register group of a profile: 8 x 16 bit
inline constexpr std::size_t door_packet_bytes = 64;  // the door controller's packet, whole
inline constexpr std::size_t channels = 128;          // of one meter
inline constexpr std::size_t closing_bytes = 1024;    // one sealed closing
inline constexpr std::size_t ack_bytes = 16 * 1024;
inline constexpr std::size_t acked_logs = 64;  // 5 streams x a few epochs
inline constexpr std::size_t state_bytes = 64 * 1024;
inline constexpr std::size_t alarms = 64;
inline constexpr std::size_t site_config_bytes = 256 * 1024;
inline constexpr std::size_t config_meters = 2000;
inline constexpr std::size_t config_buses = 64;
inline constexpr std::size_t config_problems = 500;
inline constexpr std::size_t command_bytes = 2 * 1024;
inline constexpr std::size_t command_result_bytes =
    3 * 1024;  // kept by the gateway until the command has expired
inline constexpr std::size_t command_message_bytes = 384;
inline constexpr std::size_t command_values = 16;
inline constexpr std::size_t topic_bytes = 160;  // two codes, a UUID and our words
inline constexpr std::size_t enrolment_bytes =
    16 * 1024;  // a request or an enrolment: two certificates and some words
inline constexpr std::size_t pem_bytes = 6 * 1024;  // one certificate, authority or request in PEM
inline constexpr std::size_t host_bytes = 253;      // RFC 1123, 2.1

/// Numbers that JSON readers everywhere keep exact (RFC 8259, 6).
inline constexpr std::uint64_t exact_in_json = (std::uint64_t{1} << 53U) - 1;
/// Places in a log. One a millisecond would last 285,000 years.
inline constexpr std::uint64_t seq = exact_in_json;
/// The end of the year 9999: differences of two instants stay far inside 63 bits.
inline constexpr std::int64_t instant_ms = 253'402'300'799'999;

}  // namespace steward::wire_limit
