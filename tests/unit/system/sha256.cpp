// SPDX-License-Identifier: MIT
#include <tenon/detail/system/sha256.hpp>

#include <string>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::sha256;

TEST_CASE("the digests of FIPS 180-4's examples are NIST's", "[sha256]") {
    CHECK(sha256("").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").hex() ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(sha256("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmn"
                 "opqrsmnopqrstnopqrstu")
              .hex() == "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    CHECK(sha256(std::string(1'000'000, 'a')).hex() ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("texts of every length around the ends of blocks have the digests that sha256sum gives",
          "[sha256]") {
    const tests::scratch_directory scratch;
    std::vector<std::string> words{"sha256sum"};
    std::vector<std::string> texts;
    for (std::size_t size = 0; size <= 200; ++size) {
        std::string text;
        for (std::size_t i = 0; i < size; ++i)
            text += static_cast<char>(i * 7 + size);
        words.push_back(std::to_string(size));
        tests::write(scratch / words.back(), text);
        texts.push_back(text);
    }
    const tests::outcome said = tests::run(words, scratch.path());
    REQUIRE(said.status == 0);
    std::string expected;
    for (std::size_t size = 0; size <= 200; ++size)
        expected += sha256(texts[size]).hex() + "  " + std::to_string(size) + "\n";
    CHECK(said.out == expected);
}

TEST_CASE("a text that comes in parts has the digest of the whole", "[sha256]") {
    std::string whole;
    for (int i = 0; i < 300; ++i)
        whole += static_cast<char>(i);
    const std::string expected = sha256(whole).hex();
    for (std::size_t size = 1; size <= whole.size(); ++size) {
        sha256 parts;
        for (std::size_t at = 0; at < whole.size(); at += size)
            parts.add(std::string_view(whole).substr(at, size));
        CHECK(parts.hex() == expected);
    }
}

TEST_CASE("asking for a digest leaves what was added so far", "[sha256]") {
    sha256 growing("ab");
    CHECK(growing.hex() == sha256("ab").hex());
    CHECK(growing.add("c").hex() == sha256("abc").hex());
}

TEST_CASE("fields that are divided in another way have another digest", "[sha256]") {
    CHECK(sha256().field("ab").field("c").hex() != sha256().field("a").field("bc").hex());
    CHECK(sha256().field("").hex() != sha256().hex());
}

TEST_CASE("a digest can be begun while compiling", "[sha256]") {
    static constexpr sha256 begun("ab");
    CHECK(sha256(begun).add("c").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
