#include "library.h"

#include <dataflow/plugin.h>
#include <gtest/gtest.h>

namespace dataflow::plugins {
namespace {

namespace abi = plugin::abi;

abi::Plugin usual() {
  return plugin::detail::make_plugin("usual", "1.0",
                                     [](abi::Registrar&, abi::Texts&) noexcept { return true; });
}

TEST(LibraryTest, OfThisInterfaceItFits) { EXPECT_TRUE(check_fits(usual()).ok()); }

TEST(LibraryTest, AnotherVersionSaysWhichSideIsOlder) {
  abi::Plugin newer = usual();
  newer.interface = abi::kInterface + 1;
  EXPECT_EQ(check_fits(newer).code(), StatusCode::kUnsupported);
  EXPECT_NE(check_fits(newer).message().find("use a newer program"), std::string::npos);
  abi::Plugin older = usual();
  older.interface = 0;
  EXPECT_NE(check_fits(older).message().find("build the plug-in anew"), std::string::npos);
}

TEST(LibraryTest, OtherLayoutsMachinesAndSymbolsAreRefused) {
  abi::Plugin other = usual();
  other.sizes[1] += 8;
  EXPECT_NE(check_fits(other).message().find("lays out structure 1"), std::string::npos);
  other = usual();
  other.machine = "s390x";
  EXPECT_NE(check_fits(other).message().find("is made for s390x"), std::string::npos);
  other = usual();
  other.magic = 1;
  EXPECT_NE(check_fits(other).message().find("is not DataFlow's"), std::string::npos);
  other = usual();
  other.name = "";
  EXPECT_NE(check_fits(other).message().find("its name"), std::string::npos);
}

TEST(LibraryTest, WhatIsNoSharedObjectOrNoPluginSaysSo) {
  const std::string path = testing::TempDir() + "library_test_" + std::to_string(getpid()) + ".so";
  ASSERT_TRUE(posix_env().write_file_durably(path, "no object").ok());
  EXPECT_NE(open_library(posix_env(), path).status().message().find("is no shared object"),
            std::string::npos);
  ASSERT_TRUE(posix_env().write_file_durably(path, std::string("\177ELF and then nothing")).ok());
  EXPECT_NE(open_library(posix_env(), path).status().message().find("cannot be loaded"),
            std::string::npos);
  ASSERT_TRUE(posix_env().remove_file(path).ok());
  EXPECT_FALSE(open_library(posix_env(), path).ok());
}

}  // namespace
}  // namespace dataflow::plugins
