namespace Folio.Server.Tests;

public sealed class KeyFileTests
{
    private const string Digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"; // of "test"

    [Fact]
    public void Each_line_is_a_key_with_its_tenant_and_limits()
    {
        KeyFile file = Read($"# who may ask\n\nalice sk-alice rpm=60 tpm=90000 concurrent=4\nalice\tsk-new\r\nops sha256:{Digest} admin\n");
        Assert.Equal(["alice", "alice", "ops"], file.Keys.Select(key => key.Tenant));
        Assert.Equal([false, false, true], file.Keys.Select(key => key.IsAdmin));
        Assert.Equal(new TenantLimits { RequestsPerMinute = 60, TokensPerMinute = 90000, ConcurrentRequests = 4 }, file.Limits["alice"]);
        Assert.Equal(new TenantLimits(), file.Limits["ops"]);
        var keys = new ApiKeys(new() { TenantKeys = file.Keys, TenantLimits = file.Limits });
        Assert.Equal(["alice", "alice", "ops"], new[] { "sk-alice", "sk-new", "test" }.Select(key => keys.Find(key)!.Name));
        Assert.Null(keys.Find($"sha256:{Digest}"));
    }

    [Theory]
    [InlineData("alice", "line 1: a tenant's name and a key are needed")]
    [InlineData("# x\nal/ice secret", "line 2: a tenant's name has 1 to 64")]
    [InlineData("alice secret fast", "line 1: word 3 isn't understood")]
    [InlineData("alice secret rpm=0", "line 1: rpm is followed by = and a whole number")]
    [InlineData("alice secret rpm", "line 1: rpm is followed by")]
    [InlineData("alice secret tpm=1e3", "line 1: tpm is followed by")]
    [InlineData("alice secret rpm=1 rpm=2", "line 1: word 4 isn't understood")]
    [InlineData("alice secret admin=yes", "line 1: word 3 isn't understood")]
    [InlineData("alice sha256:secret", "line 1: sha256: is followed by 64 hex digits")]
    [InlineData("alice secret\nbob secret", "line 2: the key is that of line 1")]
    [InlineData("alice secret\nalice secret2 rpm=4", "line 2: the tenant's limits stand on line 1")]
    [InlineData("# nobody\n", "holds no key")]
    public void A_malformed_file_is_refused_with_the_line_and_without_the_key(string text, string expected)
    {
        FolioException error = Assert.Throws<FolioException>(() => Read(text));
        Assert.Contains("keys.txt", error.Message);
        Assert.Contains(expected, error.Message);
        Assert.DoesNotContain("secret", error.Message);
    }

    [Fact]
    public void A_file_that_is_not_there_or_no_text_is_a_sentence()
    {
        Assert.Contains("there is no such file", Assert.Throws<FolioException>(() => KeyFile.Read("no-such-file")).Message);
        Assert.Contains("UTF-8", Assert.Throws<FolioException>(() => KeyFile.Read(TestData.DemoModel)).Message);
    }

    private static KeyFile Read(string text)
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("folio-test-").FullName, "keys.txt");
        File.WriteAllText(path, text);
        return KeyFile.Read(path);
    }
}
