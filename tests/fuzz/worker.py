"""Door of the reading process. Decoding processes import it again, so it imports nothing itself."""

if __name__ == "__main__":
    from tests.fuzz.reading import main

    main()
