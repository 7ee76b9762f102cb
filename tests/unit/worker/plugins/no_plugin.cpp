// A library that has nothing to do with plugins.
extern "C" int something_else(int number);
int something_else(int number) { return number; }
