// What every Env promises, held against the machine's own and the simulated one.
#include "base/env.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "base/durable_dirs.h"
#include "base/fault_env.h"

namespace dataflow {
namespace {

using testing::HasSubstr;

class PosixPlace {
 public:
  PosixPlace() {
    std::string pattern = testing::TempDir() + "dataflow_env_XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~PosixPlace() { (void)posix_env().remove_tree(root_); }
  Env& env() { return posix_env(); }
  const std::string& root() const { return root_; }

 private:
  std::string root_;
};

class SimulatedPlace {
 public:
  SimulatedPlace() { EXPECT_TRUE(env_.create_dirs(root_).ok()); }
  Env& env() { return env_; }
  const std::string& root() const { return root_; }

 private:
  FaultEnv env_;
  std::string root_ = "/top/place";
};

template <class Place>
class EnvTest : public testing::Test {
 protected:
  Env& env() { return place_.env(); }
  std::string at(const std::string& name) { return place_.root() + "/" + name; }

  std::unique_ptr<File> open(const std::string& name, OpenMode mode) {
    Result<std::unique_ptr<File>> file = env().open(at(name), mode);
    EXPECT_TRUE(file.ok()) << file.status();
    return file.ok() ? std::move(file).value() : nullptr;
  }
  StatusCode open_code(const std::string& name, OpenMode mode) {
    return env().open(at(name), mode).status().code();
  }
  void put(const std::string& name, std::string_view data) {
    ASSERT_TRUE(open(name, OpenMode::kTruncate)->write_at(0, data).ok());
  }
  std::string get(const std::string& name) {
    Result<std::string> data = env().read_file(at(name), 1 << 20);
    return data.ok() ? *data : data.status().to_string();
  }

 private:
  Place place_;
};

using Places = testing::Types<PosixPlace, SimulatedPlace>;
TYPED_TEST_SUITE(EnvTest, Places);

TYPED_TEST(EnvTest, open_modes_say_what_must_be_there) {
  EXPECT_EQ(this->open_code("a", OpenMode::kRead), StatusCode::kNotFound);
  EXPECT_EQ(this->open_code("no/a", OpenMode::kReadWrite), StatusCode::kNotFound);
  EXPECT_EQ(this->open_code("a", OpenMode::kCreate), StatusCode::kOk);
  EXPECT_EQ(this->open_code("a", OpenMode::kCreate), StatusCode::kAlreadyExists);
  this->put("a", "words");
  EXPECT_EQ(this->open_code("a", OpenMode::kReadWrite), StatusCode::kOk);
  EXPECT_EQ(this->get("a"), "words");
  EXPECT_EQ(this->open_code("a", OpenMode::kTruncate), StatusCode::kOk);
  EXPECT_EQ(this->get("a"), "");
  EXPECT_EQ(this->open_code("a/b", OpenMode::kReadWrite), StatusCode::kIoError);
}

TYPED_TEST(EnvTest, an_error_names_the_path_and_what_was_done) {
  const Status status = this->env().open(this->at("none"), OpenMode::kRead).status();
  EXPECT_THAT(status.message(), HasSubstr("opening " + this->at("none")));
  EXPECT_THAT(status.message(), HasSubstr("No such file"));
}

TYPED_TEST(EnvTest, reads_and_writes_at_positions) {
  auto file = this->open("a", OpenMode::kReadWrite);
  ASSERT_TRUE(file->write_at(3, "def").ok());
  ASSERT_TRUE(file->write_at(1, "bc").ok());
  EXPECT_EQ(*file->size(), 6u);
  char buffer[10];
  ASSERT_EQ(*file->read_at(0, buffer), 6u);
  EXPECT_EQ(std::string(buffer, 6), std::string("\0bcdef", 6));
  EXPECT_EQ(*file->read_at(4, std::span(buffer, 1)), 1u);
  EXPECT_EQ(buffer[0], 'e');
  EXPECT_EQ(*file->read_at(6, buffer), 0u);
  EXPECT_EQ(*file->read_at(1000, buffer), 0u);
  ASSERT_TRUE(file->truncate(2).ok());
  EXPECT_EQ(*file->size(), 2u);
  ASSERT_TRUE(file->truncate(4).ok());
  EXPECT_EQ(this->get("a"), std::string("\0b\0\0", 4));
  EXPECT_TRUE(file->sync().ok());
  EXPECT_EQ(*this->env().file_size(this->at("a")), 4u);
}

// More parts than one system call takes, with empty ones between them.
TYPED_TEST(EnvTest, writes_any_number_of_parts_as_one) {
  std::vector<std::string> pieces;
  std::string whole;
  for (int i = 0; i < 2500; ++i) {
    pieces.push_back(i % 7 == 0 ? "" : std::to_string(i));
    whole += pieces.back();
  }
  const std::vector<std::string_view> parts(pieces.begin(), pieces.end());
  auto file = this->open("a", OpenMode::kCreate);
  ASSERT_TRUE(file->write_at(0, "-").ok());
  ASSERT_TRUE(file->write_parts_at(1, parts).ok());
  ASSERT_TRUE(file->write_parts_at(0, {}).ok());
  EXPECT_EQ(this->get("a"), "-" + whole);
}

TYPED_TEST(EnvTest, refuses_to_write_what_was_opened_for_reading_and_impossible_positions) {
  this->put("a", "x");
  EXPECT_EQ(this->open("a", OpenMode::kRead)->write_at(0, "y").code(), StatusCode::kIoError);
  auto file = this->open("a", OpenMode::kReadWrite);
  EXPECT_FALSE(file->write_at(~uint64_t{0}, "y").ok());
  const std::string_view parts[] = {"y", "z"};
  EXPECT_FALSE(file->write_parts_at(~uint64_t{0}, parts).ok());
  EXPECT_EQ(this->get("a"), "x");
}

TYPED_TEST(EnvTest, renames_over_what_is_there) {
  this->put("a", "new");
  this->put("b", "old");
  EXPECT_TRUE(this->env().rename(this->at("a"), this->at("b")).ok());
  EXPECT_EQ(this->get("b"), "new");
  EXPECT_FALSE(this->env().exists(this->at("a")));
  EXPECT_EQ(this->env().rename(this->at("a"), this->at("c")).code(), StatusCode::kNotFound);
  ASSERT_TRUE(this->env().create_dirs(this->at("d/e")).ok());
  EXPECT_FALSE(this->env().rename(this->at("b"), this->at("d")).ok());
  EXPECT_FALSE(this->env().rename(this->at("d"), this->at("d/e/f")).ok());
  EXPECT_TRUE(this->env().rename(this->at("d"), this->at("f")).ok());
  EXPECT_TRUE(this->env().exists(this->at("f/e")));
}

TYPED_TEST(EnvTest, a_link_is_a_second_name) {
  this->put("a", "x");
  ASSERT_TRUE(this->env().link(this->at("a"), this->at("b")).ok());
  EXPECT_EQ(this->env().link(this->at("a"), this->at("b")).code(), StatusCode::kAlreadyExists);
  ASSERT_TRUE(this->open("b", OpenMode::kReadWrite)->write_at(0, "y").ok());
  ASSERT_TRUE(this->env().remove_file(this->at("b")).ok());
  EXPECT_EQ(this->get("a"), "y");
}

TYPED_TEST(EnvTest, an_open_file_survives_its_name) {
  auto file = this->open("a", OpenMode::kCreate);
  ASSERT_TRUE(file->write_at(0, "x").ok());
  ASSERT_TRUE(this->env().remove_file(this->at("a")).ok());
  char c = 0;
  EXPECT_EQ(*file->read_at(0, std::span(&c, 1)), 1u);
  EXPECT_EQ(c, 'x');
  EXPECT_EQ(this->env().remove_file(this->at("a")).code(), StatusCode::kNotFound);
}

TYPED_TEST(EnvTest, makes_lists_and_removes_folders) {
  ASSERT_TRUE(this->env().create_dirs(this->at("d/e")).ok());
  ASSERT_TRUE(this->env().create_dirs(this->at("d/e")).ok());
  this->put("d/b", "1");
  this->put("d/a", "2");
  Result<std::vector<DirEntry>> entries = this->env().list_dir(this->at("d"));
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].name, "a");
  EXPECT_EQ((*entries)[1].name, "b");
  EXPECT_FALSE((*entries)[1].is_dir);
  EXPECT_EQ((*entries)[2].name, "e");
  EXPECT_TRUE((*entries)[2].is_dir);
  EXPECT_TRUE(this->env().sync_dir(this->at("d")).ok());
  EXPECT_FALSE(this->env().create_dirs(this->at("d/a")).ok());
  EXPECT_FALSE(this->env().create_dirs(this->at("d/a/x")).ok());
  EXPECT_FALSE(this->env().remove_file(this->at("d/e")).ok());
  EXPECT_TRUE(this->env().remove_tree(this->at("d")).ok());
  EXPECT_FALSE(this->env().exists(this->at("d")));
  EXPECT_TRUE(this->env().remove_tree(this->at("d")).ok());
  EXPECT_EQ(this->env().list_dir(this->at("d")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(this->env().sync_dir(this->at("d")).code(), StatusCode::kNotFound);
}

TYPED_TEST(EnvTest, a_lock_shuts_out_the_next_one_and_names_its_holder) {
  auto held = this->env().lock(this->at("LOCK"), "dataflow server, process 42");
  ASSERT_TRUE(held.ok()) << held.status();
  const Status refused = this->env().lock(this->at("LOCK"), "another").status();
  EXPECT_EQ(refused.code(), StatusCode::kConflict);
  EXPECT_THAT(refused.message(), HasSubstr("dataflow server, process 42"));
  EXPECT_THAT(refused.message(), HasSubstr(this->at("LOCK")));
  held->reset();
  auto next = this->env().lock(this->at("LOCK"), "next");
  ASSERT_TRUE(next.ok());
  EXPECT_THAT(this->env().lock(this->at("LOCK"), "x").status().message(),
              HasSubstr("held by next;"));
}

TYPED_TEST(EnvTest, reads_no_more_than_is_allowed) {
  this->put("a", "12345");
  EXPECT_EQ(*this->env().read_file(this->at("a"), 5), "12345");
  EXPECT_EQ(this->env().read_file(this->at("a"), 4).status().code(), StatusCode::kTooLarge);
  EXPECT_EQ(this->env().read_file(this->at("b"), 4).status().code(), StatusCode::kNotFound);
}

TYPED_TEST(EnvTest, writes_a_whole_file_and_leaves_no_other) {
  ASSERT_TRUE(this->env().write_file_durably(this->at("a"), "one").ok());
  ASSERT_TRUE(this->env().write_file_durably(this->at("a"), "two").ok());
  EXPECT_EQ(this->get("a"), "two");
  EXPECT_EQ(this->env().list_dir(this->at(""))->size(), 1u);
  EXPECT_EQ(this->env().write_file_durably(this->at("no/a"), "x").code(), StatusCode::kNotFound);
}

TYPED_TEST(EnvTest, has_clocks_randomness_and_space) {
  EXPECT_GT(this->env().now().value(), 1'600'000'000'000);
  const int64_t before = this->env().monotonic_nanos();
  EXPECT_GE(this->env().monotonic_nanos(), before);
  std::string a(32, '\0'), b(32, '\0');
  this->env().fill_random(a);
  this->env().fill_random(b);
  EXPECT_NE(a, b);
  EXPECT_GT(*this->env().free_bytes(this->at("")), 0u);
  EXPECT_EQ(this->env().free_bytes(this->at("none")).status().code(), StatusCode::kNotFound);
}

TYPED_TEST(EnvTest, makes_durable_folders) {
  EXPECT_TRUE(create_dirs_durably(this->env(), this->at("x/y/z")).ok());
  EXPECT_TRUE(create_dirs_durably(this->env(), this->at("x/y/z")).ok());
  EXPECT_TRUE(this->env().exists(this->at("x/y/z")));
  this->put("f", "");
  EXPECT_FALSE(create_dirs_durably(this->env(), this->at("f")).ok());
  EXPECT_FALSE(create_dirs_durably(this->env(), this->at("f/g")).ok());
}

TEST(PosixEnvTest, gives_its_descriptor_and_reports_a_full_disk) {
  auto file = posix_env().open("/dev/full", OpenMode::kReadWrite);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_GE((*file)->descriptor(), 0);
  EXPECT_EQ((*file)->write_at(0, "x").code(), StatusCode::kNoSpace);
  const std::string_view parts[] = {"x", "y"};
  const Status status = (*file)->write_parts_at(0, parts);
  EXPECT_EQ(status.code(), StatusCode::kNoSpace);
  EXPECT_THAT(status.message(), HasSubstr("writing /dev/full"));
}

TEST(EnvPathTest, parent_dir_is_the_folder_that_holds_it) {
  EXPECT_EQ(parent_dir("/a/b/c"), "/a/b");
  EXPECT_EQ(parent_dir("/a/b//"), "/a");
  EXPECT_EQ(parent_dir("/a//b"), "/a");
  EXPECT_EQ(parent_dir("a/b"), "a");
  EXPECT_EQ(parent_dir("a"), ".");
  EXPECT_EQ(parent_dir("/a"), "/");
  EXPECT_EQ(parent_dir("/"), "/");
  EXPECT_EQ(parent_dir(""), ".");
}

}  // namespace
}  // namespace dataflow
