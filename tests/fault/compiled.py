"""Small libraries that the tests compile for themselves."""
import subprocess


def library(source, target, *flags):
    compiler = "c++" if source.suffix == ".cpp" else "cc"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-Wall", *flags, str(source), "-o",
                    str(target)], check=True)
    return target
