namespace Folio.Tests;

public class ByteSizeTests
{
    [Theory]
    [InlineData("1500000", 1_500_000)]
    [InlineData("512MiB", 512L << 20)]
    [InlineData("512mb", 512L << 20)]
    [InlineData("4G", 4L << 30)]
    [InlineData("0.5T", 1L << 39)]
    [InlineData("0", 0)]
    public void Sizes_are_read_as_people_write_them(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out long parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("G")]
    [InlineData("lots")]
    [InlineData("-1G")]
    [InlineData("4")] // gigabytes were meant
    [InlineData("1e3")]
    [InlineData("9000000T")]
    public void What_is_no_size_is_refused(string text) => Assert.False(ByteSize.TryParse(text, out _));
}
