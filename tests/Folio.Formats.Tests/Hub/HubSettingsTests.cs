using Folio.Formats.Hub;

namespace Folio.Formats.Tests;

/// <summary>The variables of huggingface_hub (constants.py), with its precedence.</summary>
public sealed class HubSettingsTests
{
    private readonly List<string> _warnings = [];

    [Fact]
    public void The_cache_lies_where_huggingface_hub_looks_for_it()
    {
        string user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        Assert.Equal(Path.Combine(user, ".cache", "huggingface", "hub"), Read().CacheDirectory);
        Assert.Equal(Path.GetFullPath("/x/huggingface/hub"), Read(("XDG_CACHE_HOME", "/x")).CacheDirectory);
        Assert.Equal(Path.GetFullPath("/h/hub"), Read(("XDG_CACHE_HOME", "/x"), ("HF_HOME", "/h")).CacheDirectory);
        Assert.Equal(Path.GetFullPath("/c"), Read(("HF_HOME", "/h"), ("HF_HUB_CACHE", "/c")).CacheDirectory);
        Assert.Equal(Path.Combine(user, "hf", "hub"), Read(("HF_HOME", "~/hf")).CacheDirectory);
    }

    [Fact]
    public void The_token_is_the_variables_or_the_files()
    {
        using TemporaryFolder home = TemporaryFolder.With(("token", "hf_file\n"u8.ToArray()));
        Assert.Equal("hf_file", Read(("HF_HOME", home.Path)).Token);
        Assert.Equal("hf_variable", Read(("HF_HOME", home.Path), ("HF_TOKEN", "hf_variable")).Token);
        Assert.Null(Read(("HF_HOME", home.Path), ("HF_TOKEN_PATH", home.File("none"))).Token);
        Assert.Contains("characters that no token has", Assert.Throws<HubException>(() => Read(("HF_TOKEN", "hf_x\r\nHost: y"))).Message);
        Assert.DoesNotContain("hf_variable", Read(("HF_TOKEN", "hf_variable")).ToString());
    }

    [Theory]
    [InlineData("https://mirror.example/hf/", true)]
    [InlineData("http://127.0.0.1:8080", true)]
    [InlineData("http://mirror.example", false)]
    public void A_token_leaves_the_machine_encrypted_or_not_at_all(string endpoint, bool isSent)
    {
        HubSettings settings = Read(("HF_ENDPOINT", endpoint), ("HF_TOKEN", "hf_x"));
        Assert.Equal(isSent ? "hf_x" : null, settings.Token);
        Assert.Equal(isSent ? 0 : 1, _warnings.Count);
    }

    [Theory]
    [InlineData("huggingface.co")]
    [InlineData("ftp://x")]
    [InlineData("https://user:secret@x")]
    public void What_is_no_endpoint_is_refused(string endpoint) => Assert.StartsWith($"HF_ENDPOINT is '{endpoint}'", Assert.Throws<HubException>(() => Read(("HF_ENDPOINT", endpoint))).Message);

    [Theory]
    [InlineData("1", true)]
    [InlineData("true", true)]
    [InlineData("0", false)]
    [InlineData("", false)]
    public void Offline_is_a_switch(string value, bool isOffline) => Assert.Equal(isOffline, Read(("HF_HUB_OFFLINE", value)).IsOffline);

    private HubSettings Read(params (string Name, string Value)[] variables) => HubSettings.From(name => variables.FirstOrDefault(variable => variable.Name == name).Value, _warnings.Add);
}
