"""Which module may know which, beyond the layers that import-linter holds."""

from graphlib import CycleError, TopologicalSorter

import grimp


def graph_of_imports() -> grimp.ImportGraph:
    """Of the sources as they are now, with what is imported for types and within functions."""
    return grimp.build_graph(
        "foretaste",
        include_external_packages=True,
        exclude_type_checking_imports=False,
        cache_dir=None,
    )


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Not for its types either, and not within a function."""
    graph = graph_of_imports()
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    try:
        TopologicalSorter(imports).prepare()
        cycle = []
    except CycleError as error:
        cycle = error.args[1]

    assert cycle == []


def test_behaviour_and_the_problems_of_http_do_not_know_each_other() -> None:
    graph = graph_of_imports()
    ingest, problems = "foretaste.behaviour.ingest", "foretaste.serve.http.problems"

    assert problems not in graph.find_upstream_modules(ingest)
    assert ingest not in graph.find_upstream_modules(problems)


SERVING = {"foretaste.cli.serve"}


def test_nothing_but_what_serves_brings_in_a_web_framework() -> None:
    graph = graph_of_imports()
    users = graph.find_modules_that_directly_import("fastapi")

    assert users
    assert {module.split(".")[1] for module in users} == {"serve"}
    commands = {module for module in graph.modules if module.startswith("foretaste.cli.")}
    served = {
        module
        for module in commands
        for imported in graph.find_modules_directly_imported_by(module) - commands
        if users & {imported, *graph.find_upstream_modules(imported)}
    }
    assert served == SERVING
