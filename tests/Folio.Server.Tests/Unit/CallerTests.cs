using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace Folio.Server.Tests;

public sealed class CallerTests(DemoEngine demo)
{
    [Fact]
    public void Callers_with_different_keys_or_salts_share_no_cached_prompt()
    {
        string[] salts = [Salt("{}", "a"), Salt("{}", "b"), Salt("{}", ""), Salt("""{"cache_salt":"x"}""", "a"), Salt("""{"cache_salt":"x"}""", "b"), Salt("""{"cache_salt":"x"}""", ""), Salt("""{"cache_salt":"y"}""", "a")];
        Assert.Equal(salts.Length, salts.Distinct().Count());
        Assert.Equal(Salt("""{"cache_salt":"x"}""", "a"), Salt("""{"cache_salt":"x","user":"someone"}""", "a"));
        Assert.Equal("", Salt("""{"cache_salt":null}""", ""));
    }

    [Theory]
    [InlineData("{0}/{1}"), InlineData("{1}/{0}"), InlineData("salt {1} {0}"), InlineData("holder {0}")]
    public void No_name_that_an_application_gives_its_user_finds_what_another_has_salted(string name)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData("x"u8).AsSpan(0, 16)), forged = string.Format(CultureInfo.InvariantCulture, name, "victim", hash);
        string[] salts = [Salt("{}", forged), Salt("{}", "victim"), Salt("""{"cache_salt":"x"}""", "victim"), Salt("""{"cache_salt":"x"}""", forged), Salt("""{"cache_salt":"x"}""", ""), ""];
        Assert.Equal(salts.Length, salts.Distinct().Count());
    }

    [Fact]
    public void A_server_that_shares_leaves_the_salt_and_drops_the_key()
    {
        Assert.Equal(Salt("{}", "a", share: true), Salt("{}", "b", share: true));
        Assert.Equal(Salt("""{"cache_salt":"x"}""", "a", share: true), Salt("""{"cache_salt":"x"}""", "b", share: true));
        Assert.NotEqual(Salt("{}", "a", share: true), Salt("""{"cache_salt":"x"}""", "a", share: true));
    }

    [Fact]
    public void A_tenant_is_the_keys_holder_and_without_keys_the_user_that_is_named()
    {
        Assert.Equal(Tenant("""{"user":"one"}""", "a"), Tenant("""{"user":"two"}""", "a"));
        Assert.NotEqual(Tenant("{}", "a"), Tenant("{}", "b"));
        Assert.NotEqual(Tenant("""{"user":"one"}""", ""), Tenant("""{"user":"two"}""", ""));
        Assert.Equal("", Tenant("{}", ""));
        Assert.Equal("", Tenant("""{"user":""}""", ""));
        Assert.Equal(Tenant("""{"user":"one"}""", "").Length, Tenant($$"""{"user":"{{new string('x', 10_000)}}"}""", "").Length);
    }

    private string Salt(string body, string holder, bool share = false) => Read(body, holder, share).CacheSalt;

    private string Tenant(string body, string holder) => Read(body, holder, share: false).Tenant;

    private Caller Read(string body, string holder, bool share) => Caller.Read(new Fields(JsonElement.Parse(body)), new ServedModel(demo.Engine, new() { SharePrefixCache = share }), new(holder, IsAdmin: false, Allowance: null));
}
