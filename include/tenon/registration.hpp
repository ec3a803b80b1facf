// SPDX-License-Identifier: MIT
#ifndef TENON_REGISTRATION_HPP
#define TENON_REGISTRATION_HPP

#include <tenon/layout.hpp>
#include <tenon/version.hpp>

namespace tenon::inline v1 {

/// What a plugin has registered with its host, for as long as this lives: a member of the plugin's, so that
/// it ends with it.
///
///     struct audit {
///         explicit audit(host& h) : changes_(h.on_change([this](const change& c) { write(c); })) {}
///         tenon::registration changes_;   // after what the callback uses, so that it goes first
///     };
///
/// Made by a host, mostly by `callbacks`. Its end waits for a call under way in another thread, so it must
/// not be ended holding what that call waits for. One that is moved from is none. May outlive what it is
/// registered with. For one thread at a time.
class [[nodiscard]] registration {
public:
    registration() noexcept = default;

    /// For hosts: `call(with, number)` is what ends it, once.
    registration(void (*call)(void* with, unsigned long number) noexcept, void* with,
                 unsigned long number) noexcept
        : end_(call), with_(with), number_(number) {}

    registration(registration&& other) noexcept
        : end_(other.end_), with_(other.with_), number_(other.number_) {
        other.end_ = nullptr;
    }
    registration& operator=(registration&& other) noexcept {
        registration moved(static_cast<registration&&>(other));
        end();
        end_ = moved.end_;
        with_ = moved.with_;
        number_ = moved.number_;
        moved.end_ = nullptr;
        return *this;
    }
    ~registration() { end(); }

    void end() noexcept {
        if (const auto call = end_) {
            end_ = nullptr;
            call(with_, number_);
        }
    }
    explicit operator bool() const noexcept { return end_ != nullptr; }

private:
    void (*end_)(void*, unsigned long) noexcept = nullptr;
    void* with_ = nullptr;
    unsigned long number_ = 0;
};

template <>
struct layout<registration> : opaque<registration, 1> {};

} // namespace tenon::inline v1

#endif
