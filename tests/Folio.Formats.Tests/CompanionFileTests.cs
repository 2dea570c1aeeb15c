using System.Text;
using static Folio.Formats.Tests.Given;

namespace Folio.Formats.Tests;

/// <summary>generation_config.json, tokenizer_config.json and the chat templates beside them.</summary>
public sealed class CompanionFileTests
{
    [Fact]
    public void Sampling_defaults_are_read()
    {
        GenerationDefaults defaults = GenerationDefaults.Parse("""{"do_sample":true,"temperature":0.7,"top_p":0.8,"top_k":20,"min_p":0.05,"repetition_penalty":1.05,"max_new_tokens":256,"bos_token_id":1,"eos_token_id":[7,8],"pad_token_id":0}"""u8);
        Assert.Equal((true, 0.7, 0.8, 20, 0.05, 1.05, 256), (defaults.DoSample, defaults.Temperature, defaults.TopP, defaults.TopK, defaults.MinP, defaults.RepetitionPenalty, defaults.MaxNewTokens));
        Assert.Equal((1, 0, "7,8"), (defaults.BosTokenId, defaults.PadTokenId, string.Join(',', defaults.EosTokenIds)));
        Assert.Equal("generation_config.json: 'top_k' is \"all\"; a whole number of 32 bits is expected.", Refusal(() => GenerationDefaults.Parse("""{"top_k":"all"}"""u8)));
    }

    [Fact]
    public void A_folder_without_companions_says_nothing()
    {
        using TemporaryFolder folder = TemporaryFolder.With();
        Assert.Null(GenerationDefaults.OpenFolder(folder.Path).Temperature);
        Assert.Empty(GenerationDefaults.OpenFolder(folder.Path).EosTokenIds);
        Assert.Null(TokenizerConfig.OpenFolder(folder.Path).ChatTemplate);
    }

    [Fact]
    public void Tokens_are_text_or_objects_and_the_huge_length_means_unlimited()
    {
        TokenizerConfig config = TokenizerConfig.Parse("""{"bos_token":{"content":"<s>","lstrip":false},"eos_token":"</s>","unk_token":null,"add_bos_token":true,"add_eos_token":false,"model_max_length":1000000000000000019884624838656,"clean_up_tokenization_spaces":false,"tokenizer_class":"LlamaTokenizer"}"""u8);
        Assert.Equal(("<s>", "</s>", null, null), (config.BosToken, config.EosToken, config.UnkToken, config.PadToken));
        Assert.Equal((true, false, null, false, "LlamaTokenizer"), (config.AddBosToken, config.AddEosToken, config.ModelMaxLength, config.CleanUpTokenizationSpaces, config.TokenizerClass));
        Assert.Equal("tokenizer_config.json: 'eos_token' is 2; text is expected.", Refusal(() => TokenizerConfig.Parse("""{"eos_token":2}"""u8)));
    }

    [Fact]
    public void Templates_are_one_text_or_named()
    {
        Assert.Equal("{{ x }}", TokenizerConfig.Parse("""{"chat_template":"{{ x }}"}"""u8).ChatTemplate);
        TokenizerConfig named = TokenizerConfig.Parse("""{"chat_template":[{"name":"default","template":"d"},{"name":"tool_use","template":"t"}]}"""u8);
        Assert.Equal(("d", "t"), (named.ChatTemplate, named.ChatTemplates["tool_use"]));
        Assert.Contains("'chat_template' is a list with something else", Refusal(() => TokenizerConfig.Parse("""{"chat_template":[{"name":"default"}]}"""u8)));
    }

    [Fact]
    public void Template_files_win_over_the_configuration()
    {
        using TemporaryFolder folder = TemporaryFolder.With(
            ("tokenizer_config.json", Encoding.UTF8.GetBytes("""{"chat_template":"from the config","eos_token":"</s>"}""")),
            ("chat_template.json", Encoding.UTF8.GetBytes("""{"chat_template":"from json"}""")));
        Assert.Equal("from json", TokenizerConfig.OpenFolder(folder.Path).ChatTemplate);

        File.WriteAllText(folder.File("chat_template.jinja"), "from jinja");
        Directory.CreateDirectory(folder.File("additional_chat_templates"));
        File.WriteAllText(folder.File("additional_chat_templates/rag.jinja"), "rag");
        TokenizerConfig config = TokenizerConfig.OpenFolder(folder.Path);
        Assert.Equal(("from jinja", "rag", "</s>"), (config.ChatTemplate, config.ChatTemplates["rag"], config.EosToken));
    }

    [Fact]
    public void The_demo_models_gguf_tells_what_its_folder_tells()
    {
        using GgufFile file = GgufFile.Open(TestData.DemoModel);
        TokenizerConfig gguf = TokenizerConfig.FromGguf(file.Metadata), folder = TokenizerConfig.OpenFolder(TestData.Shared("models", "folio-demo"));
        Assert.Equal((folder.BosToken, folder.EosToken, folder.UnkToken, folder.PadToken), (gguf.BosToken, gguf.EosToken, gguf.UnkToken, gguf.PadToken));
        Assert.Equal((folder.ChatTemplate, folder.AddBosToken, folder.AddEosToken), (gguf.ChatTemplate, gguf.AddBosToken, gguf.AddEosToken));

        GenerationDefaults defaults = GenerationDefaults.OpenFolder(TestData.Shared("models", "folio-demo"));
        Assert.Equal(0.7, defaults.Temperature);
        Assert.Equal(defaults.EosTokenIds, GenerationDefaults.FromGguf(file.Metadata).EosTokenIds);
    }

    [Fact]
    public void A_token_id_beyond_the_vocabulary_is_refused() =>
        OpenGguf(new GgufWriter().Texts("tokenizer.ggml.tokens", "a").Pair("tokenizer.ggml.eos_token_id", 5u).ToBytes(), file =>
            Assert.Equal("model.gguf: metadata 'tokenizer.ggml.eos_token_id' is 5; the vocabulary has 1 tokens.", Refusal(() => TokenizerConfig.FromGguf(file.Metadata))));

    [Fact]
    public void A_padding_id_that_no_token_has_is_as_good_as_none() =>
        OpenGguf(new GgufWriter().Texts("tokenizer.ggml.tokens", "a").Pair("tokenizer.ggml.padding_token_id", uint.MaxValue).ToBytes(), file =>
        {
            Assert.Null(TokenizerConfig.FromGguf(file.Metadata).PadToken);
            Assert.Null(GenerationDefaults.FromGguf(file.Metadata).PadTokenId);
        });
}
