// SPDX-License-Identifier: MIT
// The module `tenon`, for hosts: what their files import in the place of tenon's headers for hosts. It has the
// declarations of a program that is compiled with TENON_SEPARATE, and tenon.cpp defines what they declare.
module;
#ifndef TENON_SEPARATE
#define TENON_SEPARATE
#endif
#include <tenon.hpp>
export module tenon;

export namespace tenon::inline v1 {

// Loading.
using v1::load;
using v1::loader;
using v1::plugin;
using v1::plugin_info;
using v1::registry;
using v1::share;
using v1::unloaded;

// Reloading.
using v1::callbacks;
using v1::live;
using v1::live_status;
using v1::pinned;
using v1::registration;
using v1::reload_event;
using v1::reload_handler;

// Options.
using v1::allow_list;
using v1::build_policy;
using v1::event;
using v1::event_handler;
using v1::library_options;
using v1::limits;
using v1::loader_options;
using v1::policy;
using v1::profile;
using v1::reload_options;
using v1::signers;
using v1::stop_signal;
using v1::transport;
using v1::trust;
using v1::unload_policy;

// Errors.
using v1::build_error;
using v1::category;
using v1::diagnostic;
using v1::diagnostics;
using v1::errc;
using v1::error;
using v1::failed_command;
using v1::failed_commands;
using v1::make_error_code;
using v1::operator==;

// Looking without loading.
using v1::cache;
using v1::cache_entry;
using v1::driver;
using v1::manifest;
using v1::prune_rule;

// Concepts.
using v1::arguments_of_the_factory;
using v1::gives_values;
using v1::path_like;
using v1::plugin_for;
using v1::plugin_interface;

} // namespace tenon::inline v1
