// SPDX-License-Identifier: MIT
// GLib's GModule, which finds symbols and leaves the rest to its user.
#ifndef TENON_TESTS_BENCH_PEERS_GMODULE_HPP
#define TENON_TESTS_BENCH_PEERS_GMODULE_HPP

struct adder {
    virtual ~adder() = default;
    virtual int add(int a, int b) = 0;
};

#ifdef BENCH_HOST
#include <gmodule.h>
#include <stdexcept>
#include <string>

class peer {
public:
    explicit peer(const std::string& path) : module_(g_module_open(path.c_str(), G_MODULE_BIND_LOCAL)) {
        gpointer make = nullptr;
        if (!module_ || !g_module_symbol(module_, "make_adder", &make))
            throw std::runtime_error(g_module_error());
        object_ = reinterpret_cast<adder* (*)()>(make)();
    }
    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;
    ~peer() {
        delete object_;
        g_module_close(module_);
    }
    adder& operator*() const { return *object_; }

private:
    GModule* module_;
    adder* object_ = nullptr;
};
#endif

#endif
