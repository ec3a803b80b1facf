// SPDX-License-Identifier: MIT
#ifndef TENON_REGISTRATION_HPP
#define TENON_REGISTRATION_HPP

#include <tenon/layout.hpp>
#include <tenon/version.hpp>

namespace tenon::inline v1 {

/// One registration of a plugin with its host. The registration ends with the object: let it be a member of
/// the plugin's class.
///
///     struct audit {
///         explicit audit(host& h) : changes_(h.on_change([this](const change& c) { write(c); })) {}
///         tenon::registration changes_;   // after what the callback uses, so that it goes first
///     };
///
/// A host makes it, mostly with `callbacks`. Its end waits for a call under way in another thread: do not end
/// it while holding what that call waits for. A registration that was moved from is empty. It may outlive
/// what it is registered with. One thread at a time may use it.
class [[nodiscard]] registration {
public:
    registration() noexcept = default;

    /// For hosts: the end of the registration calls `call(with, number)`, once.
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
