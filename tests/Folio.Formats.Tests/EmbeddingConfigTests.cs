using System.Text;
using static Folio.Formats.Tests.Given;

namespace Folio.Formats.Tests;

/// <summary>sentence-transformers' modules.json, 1_Pooling/config.json and sentence_bert_config.json, and what GGUF has in their place.</summary>
public sealed class EmbeddingConfigTests
{
    private const string Modules = """
        [{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"},{"idx":1,"name":"1","path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
        {"idx":2,"name":"2","path":"2_Normalize","type":"sentence_transformers.models.Normalize"}]
        """;

    [Theory]
    [InlineData("""{"word_embedding_dimension":384,"pooling_mode_cls_token":false,"pooling_mode_mean_tokens":true,"pooling_mode_max_tokens":false}""", PoolingKind.Mean)]
    [InlineData("""{"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":false}""", PoolingKind.Cls)]
    [InlineData("""{"pooling_mode_lasttoken":true,"include_prompt":true}""", PoolingKind.Last)]
    [InlineData("""{"embedding_dimension":384,"pooling_mode":"mean"}""", PoolingKind.Mean)]
    public void The_pooling_is_what_the_model_s_modules_say(string pooling, PoolingKind expected) => Assert.Equal(expected, Read(Modules, pooling).Pooling);

    [Theory]
    [InlineData("""{"pooling_mode_max_tokens":true}""", "config.json: the pooling is pooling_mode_max_tokens; one of the first token (cls), the mean and the last token is supported.")]
    [InlineData("""{"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":true}""", "config.json: the pooling is pooling_mode_cls_token and pooling_mode_mean_tokens; one of the first token (cls), the mean and the last token is supported.")]
    [InlineData("{}", "config.json: the pooling is none of those known; one of the first token (cls), the mean and the last token is supported.")]
    [InlineData("""{"pooling_mode":"weightedmean"}""", "config.json: the pooling is weightedmean; one of the first token (cls), the mean and the last token is supported.")]
    public void Another_pooling_is_refused(string pooling, string message) => Assert.Equal(message, Refusal(() => Read(Modules, pooling)));

    [Theory]
    [InlineData("""[{"path":"2_Dense","type":"sentence_transformers.models.Dense"}]""", "modules.json: the module 'sentence_transformers.models.Dense' is not supported; Transformer, Pooling and Normalize are.")]
    [InlineData("""[{"path":"../elsewhere","type":"sentence_transformers.models.Pooling"}]""", "modules.json: the path of the pooling is '../elsewhere'; the name of a folder beside it is expected.")]
    [InlineData("""[{"path":"..","type":"sentence_transformers.models.Pooling"}]""", "modules.json: the path of the pooling is '..'; the name of a folder beside it is expected.")]
    [InlineData("""["Pooling"]""", "modules.json: a list of objects, a module each, is expected.")]
    [InlineData("{}", "modules.json: a JSON list is expected.")]
    public void Modules_that_can_t_be_are_refused(string modules, string message) => Assert.Equal(message, Refusal(() => Read(modules, "{}")));

    [Fact]
    public void A_model_without_modules_says_nothing_but_what_its_config_does()
    {
        using TemporaryFolder folder = TemporaryFolder.With();
        EmbeddingConfig silent = EmbeddingConfig.Of(folder.Path, ModelConfig.Parse("{}"u8));
        Assert.Equal((null, null, false, null), (silent.Pooling, silent.MaxTokens, silent.IsMatryoshka, silent.MatryoshkaDimensions));
        Assert.True(EmbeddingConfig.Of(folder.Path, ModelConfig.Parse("""{"is_matryoshka":true}"""u8)).IsMatryoshka);
        EmbeddingConfig some = EmbeddingConfig.Of(folder.Path, ModelConfig.Parse("""{"matryoshka_dimensions":[64,128]}"""u8));
        Assert.True(some.IsMatryoshka);
        Assert.Equal([64, 128], some.MatryoshkaDimensions!);
    }

    [Fact]
    public void The_longest_text_is_sentence_transformers_own() => Assert.Equal(256, Read(Modules, """{"pooling_mode_mean_tokens":true}""").MaxTokens);

    [Theory]
    [InlineData(0, null), InlineData(1, PoolingKind.Mean), InlineData(2, PoolingKind.Cls), InlineData(3, PoolingKind.Last)]
    public void GGUF_has_a_number_for_it(int number, PoolingKind? expected) =>
        Assert.Equal(expected, EmbeddingConfig.Of(null, ModelConfig.Parse(Encoding.UTF8.GetBytes($$"""{"pooling_type":{{number}}}"""))).Pooling);

    private static EmbeddingConfig Read(string modules, string pooling)
    {
        using TemporaryFolder folder = TemporaryFolder.With(
            ("modules.json", Encoding.UTF8.GetBytes(modules)), ("1_Pooling/config.json", Encoding.UTF8.GetBytes(pooling)), ("sentence_bert_config.json", """{"max_seq_length":256,"do_lower_case":false}"""u8.ToArray()));
        return EmbeddingConfig.Of(folder.Path, ModelConfig.Parse("{}"u8));
    }
}
