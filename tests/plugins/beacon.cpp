// SPDX-License-Identifier: MIT
// Its version stands in the file as text, so that a test can make a thousand of them without a compiler.
#include "beacon.hpp"

#include <atomic>
#include <exception>

#include <tenon/export.hpp>

namespace {

const volatile char stamp[] = "beacon version 000001";

long version_of_this() {
    long number = 0;
    for (unsigned i = sizeof stamp - 7; i < sizeof stamp - 1; ++i)
        number = number * 10 + (stamp[i] - '0');
    return number;
}

// Nobody else has its code.
struct light final : std::exception {
    long number;
    char text[7] = {};

    explicit light(long version) : number(version) {
        for (int i = 5; i >= 0; --i, version /= 10)
            text[i] = static_cast<char>('0' + version % 10);
    }
    const char* what() const noexcept override { return text; }
};

class lit final : public beacon {
public:
    explicit lit(beacon_host& host) : host_(host) {
        if (version_of_this() == 100666)
            throw light(100666);
        host_.made(version_);
    }
    ~lit() override {
        version_ = -1; // what a call in it would answer from now on
        host_.destroyed(version_of_this());
    }

    long version(way how) override {
        ++total_;
        if (how == way::by_exception)
            throw light(version_);
        if (how == way::by_the_host)
            host_.asked(version_);
        return version_;
    }
    long total() const override { return total_; }

#ifdef EXCLUSIVE
    void quiesce() { host_.asked(-1000 - version_); }
    void resume() { host_.asked(-2000 - version_); }
#endif
#ifdef HANDS_ON
    long save() const { return total_; }
    void restore(long total) { total_ = total; }
#endif

private:
    beacon_host& host_;
    volatile long version_ = version_of_this();
    std::atomic<long> total_ = 0;
};

TENON_EXPORT(beacon, lit, "lit", "1.0.0")

} // namespace
