// SPDX-License-Identifier: MIT
// `dlopen` by hand, with nothing checked but that it worked: what every way of loading is held against.
#ifndef TENON_TESTS_BENCH_HAND_WRITTEN_HPP
#define TENON_TESTS_BENCH_HAND_WRITTEN_HPP

#include <dlfcn.h>
#include <stdexcept>
#include <string>

/// `adder` is the peer's own: every library here exports a function that makes one, whatever else is in it.
class hand_written {
public:
    explicit hand_written(const std::string& path) : library_(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
        if (!library_)
            throw std::runtime_error(::dlerror());
        const auto make = reinterpret_cast<adder* (*)()>(::dlsym(library_, "make_adder"));
        if (!make)
            throw std::runtime_error(::dlerror());
        object_ = make();
    }
    hand_written(const hand_written&) = delete;
    hand_written& operator=(const hand_written&) = delete;
    ~hand_written() {
        delete object_;
        ::dlclose(library_);
    }

    adder& operator*() const { return *object_; }

private:
    void* library_;
    adder* object_ = nullptr;
};

#endif
