#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What tests/amalgamate.py makes of headers, and which it refuses."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

import amalgamate

TOOL = pathlib.Path(__file__).with_name('amalgamate.py')
VERSION = '#define TENON_VERSION "1.2.3"\n'


def header(name, body):
    guard = amalgamate.guard_of(name)
    return f'// SPDX-License-Identifier: MIT\n#ifndef {guard}\n#define {guard}\n{body}#endif\n'


class Amalgamate(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.include = pathlib.Path(scratch.name)
        (self.include / 'tenon').mkdir()
        for head in amalgamate.PLUGIN:
            self.write(head, '')
        self.write('version', VERSION)
        self.write('interface', '#include <tenon/version.hpp>\nint interface;\n')
        self.write('export', '#include <cstddef>\n#include <tenon/interface.hpp>\nint exported;\n')

    def write(self, name, body):
        path = self.include / f'tenon/{name}.hpp'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(header(name, body))

    def run_tool(self, *arguments):
        return subprocess.run([sys.executable, TOOL, '--include', self.include, *arguments], capture_output=True, text=True)

    def made(self, name='tenon.hpp'):
        said = self.run_tool()
        self.assertEqual((said.stderr, said.returncode), ('', 0))
        return (self.include / name).read_text()

    def refused(self, text):
        said = self.run_tool()
        self.assertEqual((said.stderr, said.returncode), (f'tenon.hpp cannot be made: {text}\n', 1))
        self.assertFalse((self.include / 'tenon.hpp').exists())

    def test_a_header_stands_once_and_behind_what_it_includes(self):
        text = self.made()
        self.assertEqual([text.count(each) for each in ('int interface;', 'int exported;', VERSION)], [1, 1, 1])
        self.assertLess(text.index(VERSION), text.index('int interface;'))
        self.assertLess(text.index('int interface;'), text.index('int exported;'))
        self.assertIn('#include <cstddef>\n', text)
        self.assertNotIn('#include <tenon', text)

    def test_it_says_its_version_and_its_licence_and_no_time(self):
        text = self.made()
        self.assertTrue(text.startswith('// SPDX-License-Identifier: MIT\n// tenon 1.2.3: everything'))
        self.assertIn('// Permission is hereby granted, free of charge', text)
        self.assertEqual(text, self.made())

    def test_a_header_in_a_folder_stands_before_what_includes_it(self):
        self.write('detail/system/file', 'int file;\n')
        self.write('loader', '#include <tenon/detail/system/file.hpp>\nint loader;\n')
        text = self.made()
        self.assertEqual(text.count('int file;'), 1)
        self.assertLess(text.index('#define TENON_DETAIL_SYSTEM_FILE_HPP'), text.index('int loader;'))

    def test_definitions_stand_at_the_end_under_one_condition(self):
        self.write('loader', 'int loader;\n\n#ifdef TENON_DEFINITIONS\n#include <tenon/detail/load/loading.hpp>\n#endif\n')
        self.write('registry', 'int registry;\n')
        self.write('detail/load/loading', '#include <tenon/detail/load/finder.hpp>\nint loading;\n')
        self.write('detail/load/finder', 'int finder;\n')
        self.write('detail/load/unused', 'int unused;\n')
        text = self.made()
        places = [text.index(each) for each in ('int registry;', '#ifdef TENON_DEFINITIONS', 'int finder;', 'int loading;',
                                                'int unused;', '#endif // TENON_DEFINITIONS')]
        self.assertEqual(places, sorted(places))
        self.assertLess(text.index('int loader;'), places[1])
        self.assertEqual(text.count('TENON_DEFINITIONS'), 2)

    def test_a_host_s_header_is_in_one_of_them(self):
        self.write('loader', '#include <tenon/interface.hpp>\nint loader;\n')
        self.assertIn('int loader;', self.made())
        self.assertNotIn('int loader;', self.made('tenon_plugin.hpp'))

    def test_a_check_writes_nothing_and_fails_until_the_files_are_made(self):
        text = 'tenon.hpp and tenon_plugin.hpp differ from include/tenon/; run tests/amalgamate.py\n'
        self.assertEqual(self.run_tool('--check').stderr, text)
        self.assertFalse((self.include / 'tenon.hpp').exists())
        self.made()
        self.assertEqual(self.run_tool('--check').returncode, 0)
        self.write('export', 'int changed;\n')
        said = self.run_tool('--check')
        self.assertEqual((said.stderr, said.returncode), (text, 1))

    def test_what_could_not_stand_in_one_file_is_refused(self):
        self.write('export', '#ifdef X\n#include <tenon/interface.hpp>\n#endif\n')
        self.refused('export.hpp: #include <tenon/interface.hpp> is under a condition')
        self.write('export', '#include "interface.hpp"\n')
        self.refused('export.hpp: #include "interface.hpp" has to be <tenon/NAME.hpp>')
        self.write('export', '# include <tenon.hpp>\n')
        self.refused('export.hpp: # include <tenon.hpp> has to be <tenon/NAME.hpp>')
        self.write('export', '#include <tenon/absent.hpp>\n')
        self.refused('absent.hpp is included and not there')
        (self.include / 'tenon/export.hpp').write_text('// SPDX-License-Identifier: MIT\n#pragma once\nint exported;\n')
        self.refused('export.hpp lacks its include guard, TENON_EXPORT_HPP, from its second line to its last')

    def test_a_macro_left_behind_is_refused_unless_a_public_one_needs_it(self):
        self.write('export', '#define TENON_EXPORT(X) TENON_DETAIL_A(X)\n'
                             '#define TENON_DETAIL_A(X) \\\n    TENON_DETAIL_B\n#define TENON_DETAIL_B 1\n')
        self.made()
        (self.include / 'tenon.hpp').unlink()
        self.write('shape', '#define TENON_DETAIL_C 1\n#define SIZE 2\n#define GONE 3\n#undef GONE\n')
        self.refused('macros are left defined: SIZE, TENON_DETAIL_C')


if __name__ == '__main__':
    unittest.main()
