// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_SHA256_HPP
#define TENON_DETAIL_SYSTEM_SHA256_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <tenon/version.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// SHA-256 (FIPS 180-4) of a text that is added in parts.
///
///     sha256("abc").hex();   // ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
class sha256 {
public:
    constexpr sha256() = default;
    constexpr explicit sha256(std::string_view text) { add(text); }

    constexpr sha256& add(std::string_view text) {
        size_ += text.size();
        while (!text.empty()) {
            // Whole blocks of a long text are read in place.
            if (filled_ == 0 && text.size() >= sizeof block_) {
                mix(text.data());
                text.remove_prefix(sizeof block_);
                continue;
            }
            block_[filled_++] = text[0];
            text.remove_prefix(1);
            if (filled_ == sizeof block_) {
                mix(block_);
                filled_ = 0;
            }
        }
        return *this;
    }

    /// Adds a text with its length, so that no two lists of fields hash the same bytes.
    constexpr sha256& field(std::string_view text) {
        char size[8] = {};
        store(size, text.size());
        return add({size, sizeof size}).add(text);
    }

    /// Adds a list of texts with its length.
    template <class List>
    constexpr sha256& fields(const List& texts) {
        char size[8] = {};
        store(size, texts.size());
        add({size, sizeof size});
        for (const auto& text : texts)
            field(text);
        return *this;
    }

    /// The digest of all that was added, as 64 hexadecimal digits.
    std::string hex() const {
        sha256 whole = *this;
        whole.finish();
        std::string text;
        for (const std::uint32_t word : whole.state_)
            for (int shift = 28; shift >= 0; shift -= 4)
                text += "0123456789abcdef"[word >> shift & 15];
        return text;
    }

private:
    constexpr void finish() {
        char size[8] = {};
        store(size, size_ * 8);
        add({"\x80", 1});
        while (filled_ != sizeof block_ - sizeof size)
            add({"\0", 1});
        add({size, sizeof size});
    }

    static constexpr void store(char (&into)[8], std::uint64_t value) {
        for (int i = 0; i < 8; ++i)
            into[i] = static_cast<char>(value >> (56 - 8 * i) & 255);
    }

    static constexpr std::uint32_t rotate(std::uint32_t word, int by) {
        return word >> by | word << (32 - by);
    }

    constexpr void mix(const char* block) {
        std::uint32_t w[64] = {};
        for (std::size_t i = 0; i < 64; ++i)
            w[i / 4] = w[i / 4] << 8 | static_cast<unsigned char>(block[i]);
        for (std::size_t i = 16; i < 64; ++i) {
            const std::uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
            const std::uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }
        std::uint32_t a = state_[0], b = state_[1], c = state_[2], d = state_[3];
        std::uint32_t e = state_[4], f = state_[5], g = state_[6], h = state_[7];
        for (std::size_t i = 0; i < 64; ++i) {
            const std::uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
            const std::uint32_t first = h + s1 + ((e & f) ^ (~e & g)) + constants[i] + w[i];
            const std::uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
            const std::uint32_t second = s0 + ((a & b) ^ (a & c) ^ (b & c));
            h = g, g = f, f = e, e = d + first, d = c, c = b, b = a, a = first + second;
        }
        state_[0] += a, state_[1] += b, state_[2] += c, state_[3] += d;
        state_[4] += e, state_[5] += f, state_[6] += g, state_[7] += h;
    }

    static constexpr std::uint32_t constants[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

    std::uint32_t state_[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                               0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::uint64_t size_ = 0;
    char block_[64] = {};
    std::size_t filled_ = 0;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
