"""Small libraries that the tests compile for themselves."""
import subprocess


def library(source, target, *options):
    compiler = "c++" if source.suffix == ".cpp" else "cc"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-Wall", "-o", str(target), str(source),
                    *options], check=True)
    return target
