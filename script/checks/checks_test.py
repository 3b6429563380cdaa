"""The checks themselves: a sound tree passes, and each deliberate violation is found."""

import os
import shutil
import subprocess
import tempfile
import unittest

import include_check
import rooms_check
import style_check

PROJECT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

SOUND = {
    "src/rooms.txt": "base:\nlog: base\nmeta: base\nedge/a: log\nedge/b: log\n",
    "build/release/listed_files.txt":
        "src/base/x.cc\nsrc/base/include/base/x.h\nsrc/log/y.cc\nsrc/log/include/log/y.h\n"
        "src/meta/include/meta/m.h\nsrc/edge/a/include/edge/a/a.h\nsrc/edge/b/include/edge/b/b.h\n"
        "build/release/src/log/made.cc\n",
    "src/base/CMakeLists.txt": "dataflow_room(NAME base SRCS x.cc HDRS base/x.h)",
    "src/base/include/base/x.h": "#pragma once\nint base_x();\n",
    "src/base/x.cc": '#include "base/x.h"\n#include "hidden.h"\nint base_x() { return kX; }\n',
    "src/base/hidden.h": "#pragma once\nconstexpr int kX = 1;\n",
    "src/log/CMakeLists.txt": "dataflow_room(NAME log SRCS y.cc HDRS log/y.h)",
    "src/log/include/log/y.h": '#pragma once\n#include <string>\n#include "base/x.h"\nint log_y();\n',
    "src/log/y.cc": '#include "log/y.h"\nint log_y() { return base_x(); }\n',
    "src/meta/CMakeLists.txt": "dataflow_room(NAME meta HDRS meta/m.h)",
    "src/meta/include/meta/m.h": '#pragma once\n#include "base/x.h"\n',
    "src/edge/a/CMakeLists.txt": "dataflow_room(NAME edge/a HDRS edge/a/a.h)",
    "src/edge/a/include/edge/a/a.h": '#pragma once\n#include "log/y.h"\n#include "base/x.h"\n',
    "src/edge/b/CMakeLists.txt": "dataflow_room(NAME edge/b HDRS edge/b/b.h)",
    "src/edge/b/include/edge/b/b.h": '#pragma once\n#include "log/y.h"\n',
}


class ChecksTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="dataflow-checks-")
        self.addCleanup(shutil.rmtree, self.root)
        for path, text in SOUND.items():
            self.write(path, text)

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)

    def found_by(self, check, text):
        problems = check.check(self.root)
        self.assertTrue(any(text in problem for problem in problems), f"{text!r} not in {problems}")
        self.assertEqual(len(problems), 1, problems)

    def test_a_sound_tree_passes(self):
        for check in (rooms_check, include_check, style_check):
            self.assertEqual(check.check(self.root), [])

    # The configuration

    def require_files(self, files):
        self.write("CMakeLists.txt", "cmake_minimum_required(VERSION 3.24)\nproject(Sound LANGUAGES NONE)\n"
                   f"include({PROJECT}/cmake/DataflowRoom.cmake)\n"
                   f"dataflow_require_files(base ${{CMAKE_SOURCE_DIR}}/src/base {files})\n")
        return subprocess.run(["cmake", "-S", self.root, "-B", os.path.join(self.root, "out")],
                              capture_output=True, text=True)

    def test_a_listed_file_that_is_not_there_stops_the_build(self):
        self.assertEqual(self.require_files("x.cc hidden.h").returncode, 0)
        done = self.require_files("x.cc forgotten.cc")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("room base lists forgotten.cc", done.stderr)

    # rooms.txt and the rooms' lists

    def test_a_room_below_its_own_name_is_found(self):
        self.write("src/rooms.txt", SOUND["src/rooms.txt"].replace("base:", "base: log"))
        self.found_by(rooms_check, "room base names log, which does not stand above it")

    def test_an_edge_that_names_an_edge_is_found(self):
        self.write("src/rooms.txt", SOUND["src/rooms.txt"].replace("edge/b: log", "edge/b: log edge/a"))
        self.found_by(rooms_check, "edges never know each other")

    def test_an_unknown_room_is_found(self):
        self.write("src/rooms.txt", SOUND["src/rooms.txt"].replace("meta: base", "meta: bose"))
        self.found_by(rooms_check, "names bose")

    def test_a_file_outside_of_all_rooms_is_found(self):
        self.write("src/other/z.cc", "")
        self.found_by(rooms_check, "lies in no room")

    def test_a_test_that_is_not_listed_is_found(self):
        self.write("src/log/y_test.cc", "")
        self.found_by(rooms_check, "src/log/y_test.cc: is not listed")

    def test_a_header_that_is_not_listed_is_found(self):
        self.write("src/log/include/log/z.h", "")
        self.found_by(rooms_check, "src/log/include/log/z.h: is not listed")

    def test_a_listed_file_that_is_not_there_is_found(self):
        os.remove(os.path.join(self.root, "src/log/y.cc"))
        self.found_by(rooms_check, "src/log/y.cc: is listed, but not there")

    def test_a_public_header_outside_of_its_folder_is_found(self):
        self.write("src/log/include/z.h", "")
        self.found_by(rooms_check, "lies in include/log/")

    def test_a_room_without_a_list_is_found(self):
        os.remove(os.path.join(self.root, "src/meta/CMakeLists.txt"))
        self.found_by(rooms_check, "room meta has no CMakeLists.txt")

    # includes

    def test_an_undeclared_room_is_found(self):
        self.write("src/log/y.cc", '#include "meta/m.h"\n')
        self.found_by(include_check, "src/log/y.cc:1: includes \"meta/m.h\", but room log may know base")

    def test_a_room_above_is_found(self):
        self.write("src/base/x.cc", '// first\n#  include "log/y.h"\n')
        self.found_by(include_check, "src/base/x.cc:2:")

    def test_an_edge_that_includes_an_edge_is_found(self):
        self.write("src/edge/b/include/edge/b/b.h", '#include "edge/a/a.h"\n')
        self.found_by(include_check, "edge/a/a.h")

    def test_a_private_header_of_another_room_is_found(self):
        self.write("src/log/y.cc", '#include "base/hidden.h"\n')
        self.found_by(include_check, "a private header of room base")

    def test_a_way_around_by_dots_is_found(self):
        self.write("src/log/y.cc", '#include "../base/hidden.h"\n')
        self.found_by(include_check, "without ..")

    def test_a_way_around_by_angle_brackets_is_found(self):
        self.write("src/log/y.cc", "#include <meta/m.h>\n")
        self.found_by(include_check, "included with quotes")

    def test_an_unknown_header_is_found(self):
        self.write("src/log/y.cc", '#include "boost/asio.hpp"\n')
        self.found_by(include_check, "no header of ours")

    # style

    def test_long_files_are_found(self):
        self.write("src/log/include/log/y.h", "\n" * 301)
        self.found_by(style_check, "301 lines, 300 are allowed")
        self.write("src/log/include/log/y.h", "\n" * 300)
        self.write("src/log/y.cc", "\n" * 701)
        self.found_by(style_check, "701 lines, 700 are allowed")

    def test_generated_code_is_exempt(self):
        self.write("src/log/generated/y.cc", "\n" * 701)
        self.assertEqual(style_check.check(self.root), [])

    def test_a_long_function_is_found(self):
        for head in ("int f(int a) {", "void A::f() const noexcept {", "template <class T>\nT f(T a) {",
                     "namespace n {\nclass A {\n public:\n  A() : b_{1}, c_(2) {",
                     "TEST(LogTest, Opens) {", "bool operator==(const A& b) const {",
                     "auto f(std::vector<int> v = {}) -> int {",
                     "void f() {\n  auto g = [&](int x) { return x; };"):
            closing = "}" * (head.count("{") - head.count("}"))
            body = 69 - head.split("namespace n {\nclass A {\n public:\n")[-1].count("\n")
            self.write("src/log/y.cc", head + "\n" * body + closing)
            self.assertEqual(style_check.check(self.root), [], head)
            self.write("src/log/y.cc", head + "\n" * (body + 1) + closing)
            self.found_by(style_check, "has 71 lines, 70 are allowed")

    def test_long_things_that_are_no_functions_pass(self):
        for head in ("class A {", "namespace {", "enum class E : uint8_t {", 'extern "C" {',
                     "constexpr Row kTable[] = {", "const std::map<int, int> kMap = {",
                     "template <class T>\n  requires std::integral<T>\nstruct A {"):
            self.write("src/log/y.cc", head + "\n" * 100 + "};")
            self.assertEqual(style_check.check(self.root), [], head)

    def test_braces_in_literals_and_comments_do_not_count(self):
        self.write("src/log/y.cc", "int f() { return '{'; } // {\nconst char* s = R\"({{)\";\n"
                   + 'int g() { /* { */ return h("}}\\"{", 1\'000); }\n' + "\n" * 80)
        self.assertEqual(style_check.check(self.root), [])

    def test_banned_names_are_found(self):
        self.write("src/log/string_utils.cc", "")
        self.found_by(style_check, "a name says what the thing does")
        os.remove(os.path.join(self.root, "src/log/string_utils.cc"))
        self.write("src/log/y.cc", "class TopicManager {};\n")
        self.found_by(style_check, "TopicManager")

    def test_a_friend_is_found(self):
        self.write("src/log/y.cc", "class A {\n  friend class B;\n};\n")
        self.found_by(style_check, "no friend")
        self.write("src/log/y.cc", "class A {\n  friend auto operator<=>(A, A) = default;\n};\n")
        self.assertEqual(style_check.check(self.root), [])

    def test_a_long_line_is_found(self):
        self.write("src/log/y.cc", "// " + "x" * 98 + "\n")
        self.found_by(style_check, "src/log/y.cc:1: has 101 columns")

    def test_a_postponed_duty_is_found(self):
        self.write("src/log/y.cc", "// TO" + "DO: more\n")
        self.found_by(style_check, "do it, or leave it out")

    def test_the_list_of_exceptions_may_only_shrink(self):
        self.write(style_check.EXCEPTIONS, "friend src/log/y.cc\n")
        self.write("src/log/y.cc", "class A {\n  friend class B;\n};\n")
        self.found_by(style_check, "has 1 entries, 0 are allowed")

    # CMake

    def configure(self, lists):
        """Configures the tree's rooms with the project's own dataflow_room()."""
        self.write("CMakeLists.txt", f"""
cmake_minimum_required(VERSION 3.24)
project(Checked LANGUAGES NONE)
add_library(Threads::Threads INTERFACE IMPORTED)
include("{PROJECT}/cmake/DataflowRoom.cmake")
dataflow_read_rooms("${{CMAKE_SOURCE_DIR}}/src/rooms.txt")
add_subdirectory(src/base)
add_subdirectory(src/meta)
{lists}
dataflow_check_links()
""")
        self.write("src/base/CMakeLists.txt", "dataflow_room(NAME base HDRS base/x.h)")
        done = subprocess.run(["cmake", "-S", self.root, "-B", os.path.join(self.root, "build")],
                              capture_output=True, text=True, check=False)
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    def test_cmake_takes_what_rooms_txt_allows(self):
        code, said = self.configure("")
        self.assertEqual(code, 0, said)
        with open(os.path.join(self.root, "build", "listed_files.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read().split(),
                             ["src/base/include/base/x.h", "src/meta/include/meta/m.h"])

    def refused(self, lists, text):
        code, said = self.configure(lists)
        self.assertNotEqual(code, 0, said)
        self.assertIn(text, said)

    def test_cmake_refuses_undeclared_deps(self):
        self.write("src/meta/CMakeLists.txt", "dataflow_room(NAME meta HDRS meta/m.h DEPS log)")
        self.refused("", "room meta: DEPS names log, which src/rooms.txt does not allow")

    def test_cmake_refuses_a_room_among_the_libraries(self):
        self.write("src/meta/CMakeLists.txt", "dataflow_room(NAME meta HDRS meta/m.h LIBS room_log)")
        self.refused("", "rooms are linked from src/rooms.txt")

    def test_cmake_refuses_a_link_made_behind_its_back(self):
        self.refused("target_link_libraries(room_base INTERFACE room_meta)",
                     "room base links room_meta, which src/rooms.txt does not allow")

    def test_cmake_refuses_a_room_that_is_not_in_the_list(self):
        self.write("src/meta/CMakeLists.txt", "dataflow_room(NAME mete HDRS meta/m.h)")
        self.refused("", "`mete` is not a room of src/rooms.txt")

    def test_cmake_refuses_rooms_out_of_order(self):
        self.write("src/rooms.txt", "meta: base\nbase:\n")
        self.refused("", "room meta names base, which does not stand above it")


if __name__ == "__main__":
    unittest.main()
